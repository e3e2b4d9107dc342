import { Level } from 'level';
import type { AnyLevel } from '../src/index.ts';

/** What LevelDB says of a disk that takes nothing more. */
export const diskErrors = {
  full: 'IO error: 000005.log: No space left on device',
  broken: 'IO error: 000005.log: Input/output error',
} as const;

/** A LevelDB in a folder whose disk takes nothing, for as long as the test wants it so. */
export class BreakableDisk implements AnyLevel {
  readonly #level: Level<string, Uint8Array>;
  #error: string | undefined = undefined;

  constructor(location: string) {
    this.#level = new Level(location, { valueEncoding: 'view' });
  }

  get status(): string {
    return this.#level.status;
  }

  get supports(): AnyLevel['supports'] {
    return this.#level.supports;
  }

  break(how: keyof typeof diskErrors): void {
    this.#error = diskErrors[how];
  }

  mend(): void {
    this.#error = undefined;
  }

  /** LevelDB writes when it is opened, too. */
  async open(): Promise<void> {
    this.#failWhenBroken();
    await this.#level.open();
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

  async batch(...[changes, options]: Parameters<AnyLevel['batch']>): Promise<void> {
    this.#failWhenBroken();
    await this.#level.batch<string, Uint8Array>(changes, options);
  }

  iterator(...[options]: Parameters<AnyLevel['iterator']>): ReturnType<AnyLevel['iterator']> {
    return this.#level.iterator<string, Uint8Array>(options);
  }

  keys(...[options]: Parameters<AnyLevel['keys']>): ReturnType<AnyLevel['keys']> {
    return this.#level.keys<string>(options);
  }

  #failWhenBroken(): void {
    if (this.#error === undefined) return;
    throw Object.assign(new Error(this.#error), { code: 'LEVEL_IO_ERROR' });
  }
}
