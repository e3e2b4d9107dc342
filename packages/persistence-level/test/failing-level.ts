import type { AnyLevel } from '@carillon/persistence-level';
import type { Level } from 'level';

/** A database whose writes can be made to fail; from then on, as LevelDB does, it refuses all until opened anew. */
export class FailingLevel implements AnyLevel {
  readonly #level: Level;
  #isFailing = false;
  #isBroken = false;
  #storesAllTheSame = false;
  /** How often it was opened. */
  opened = 0;

  constructor(level: Level) {
    this.#level = level;
  }

  get status(): string {
    return this.#level.status;
  }

  get supports(): AnyLevel['supports'] {
    return this.#level.supports;
  }

  failNextBatch(): void {
    this.#isFailing = true;
  }

  /** As a disk does that has the batch when it says that it could not flush it. */
  failAfterNextBatch(): void {
    this.#isFailing = true;
    this.#storesAllTheSame = true;
  }

  async open(): Promise<void> {
    await this.#level.open();
    this.#isBroken = false;
    this.opened++;
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
    if (this.#isFailing || this.#isBroken) {
      if (this.#storesAllTheSame) await this.#level.batch<string, Uint8Array>(changes, options);
      this.#storesAllTheSame = false;
      this.#isFailing = false;
      this.#isBroken = true;
      throw Object.assign(new Error('IO error: 000005.log: No space left on device'), {
        code: 'LEVEL_IO_ERROR',
      });
    }
    await this.#level.batch<string, Uint8Array>(changes, options);
  }

  iterator(...[options]: Parameters<AnyLevel['iterator']>): ReturnType<AnyLevel['iterator']> {
    return this.#level.iterator<string, Uint8Array>(options);
  }

  keys(...[options]: Parameters<AnyLevel['keys']>): ReturnType<AnyLevel['keys']> {
    return this.#level.keys<string>(options);
  }
}
