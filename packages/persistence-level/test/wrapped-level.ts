import type { AnyLevel } from '@carillon/persistence-level';
import type { Level } from 'level';

/** A database that passes everything on to a LevelDB: for tests, to meddle with what they like. */
export class WrappedLevel implements AnyLevel {
  readonly #level: Level<string, Uint8Array>;

  constructor(level: Level<string, Uint8Array>) {
    this.#level = level;
  }

  get status(): string {
    return this.#level.status;
  }

  get supports(): AnyLevel['supports'] {
    return this.#level.supports;
  }

  open(): Promise<void> {
    return this.#level.open();
  }

  close(): Promise<void> {
    return this.#level.close();
  }

  get(...[key, options]: Parameters<AnyLevel['get']>): ReturnType<AnyLevel['get']> {
    return this.#level.get<string, Uint8Array>(key, options);
  }

  getMany(...[keys, options]: Parameters<AnyLevel['getMany']>): ReturnType<AnyLevel['getMany']> {
    return this.#level.getMany<string, Uint8Array>(keys, options);
  }

  batch(...[changes, options]: Parameters<AnyLevel['batch']>): Promise<void> {
    return this.#level.batch<string, Uint8Array>(changes, options);
  }

  iterator(...[options]: Parameters<AnyLevel['iterator']>): ReturnType<AnyLevel['iterator']> {
    return this.#level.iterator<string, Uint8Array>(options);
  }

  keys(...[options]: Parameters<AnyLevel['keys']>): ReturnType<AnyLevel['keys']> {
    return this.#level.keys<string>(options);
  }
}
