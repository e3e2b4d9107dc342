import { Level } from 'level';
import { WrappedLevel } from './wrapped-level.ts';

/** What LevelDB says of a disk that takes nothing more. */
export const diskErrors = {
  full: 'IO error: 000005.log: No space left on device',
  broken: 'IO error: 000005.log: Input/output error',
} as const;

/** A LevelDB in a folder whose disk takes nothing, for as long as the test wants it so. */
export class BreakableDisk extends WrappedLevel {
  #error: string | undefined = undefined;

  constructor(location: string) {
    super(new Level(location, { valueEncoding: 'view' }));
  }

  break(how: keyof typeof diskErrors): void {
    this.#error = diskErrors[how];
  }

  mend(): void {
    this.#error = undefined;
  }

  /** LevelDB writes when it is opened, too. */
  override async open(): Promise<void> {
    this.#failWhenBroken();
    await super.open();
  }

  override async batch(...[changes, options]: Parameters<WrappedLevel['batch']>): Promise<void> {
    this.#failWhenBroken();
    await super.batch(changes, options);
  }

  #failWhenBroken(): void {
    if (this.#error === undefined) return;
    throw Object.assign(new Error(this.#error), { code: 'LEVEL_IO_ERROR' });
  }
}
