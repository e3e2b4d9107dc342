import { WrappedLevel } from './wrapped-level.ts';

/** A database whose writes can be made to fail; from then on, as LevelDB does, it refuses all until opened anew. */
export class FailingLevel extends WrappedLevel {
  #isFailing = false;
  #isBroken = false;
  #storesAllTheSame = false;
  /** How often it was opened. */
  opened = 0;

  failNextBatch(): void {
    this.#isFailing = true;
  }

  /** As a disk does that has the batch when it says that it could not flush it. */
  failAfterNextBatch(): void {
    this.#isFailing = true;
    this.#storesAllTheSame = true;
  }

  override async open(): Promise<void> {
    await super.open();
    this.#isBroken = false;
    this.opened++;
  }

  override async batch(...[changes, options]: Parameters<WrappedLevel['batch']>): Promise<void> {
    if (this.#isFailing || this.#isBroken) {
      if (this.#storesAllTheSame) await super.batch(changes, options);
      this.#storesAllTheSame = false;
      this.#isFailing = false;
      this.#isBroken = true;
      throw Object.assign(new Error('IO error: 000005.log: No space left on device'), {
        code: 'LEVEL_IO_ERROR',
      });
    }
    await super.batch(changes, options);
  }
}
