import type { Engine } from '../engine.ts';
import type { Deadline } from '../time/deadlines.ts';

const recordsPerMessage = 100_000;

/** Milliseconds without a record, after which the log is told that the store is still waited for. */
const longSilence = 10_000;

/** Tells the log how far a long load has come, and that one does not come on. */
export class LoadProgress {
  readonly #engine: Engine;
  readonly #begin: number;
  readonly #silence: Deadline;
  #records = 0;
  #recordsAtLastLook = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#begin = engine.clock.elapsed();
    this.#silence = engine.deadlines.create(() => this.#look());
    this.#silence.setIn(longSilence);
  }

  took(): void {
    if (++this.#records % recordsPerMessage === 0) this.#tell('loading what the store has');
  }

  /** Everything is loaded. */
  end(): void {
    this.stop();
    if (this.#records > 0) this.#tell('loaded what the store has');
  }

  /** Nothing more is told. */
  stop(): void {
    this.#silence.cancel();
  }

  #look(): void {
    if (this.#records === this.#recordsAtLastLook) {
      const seconds = longSilence / 1000;
      const { name } = this.#engine.storage.store;
      this.#engine.logger.warn(
        { store: name, records: this.#records },
        `the broker waits for its store, which has given it nothing for ${seconds} seconds`,
      );
    }
    this.#recordsAtLastLook = this.#records;
    this.#silence.setIn(longSilence);
  }

  #tell(message: string): void {
    const milliseconds = Math.round(this.#engine.clock.elapsed() - this.#begin);
    const { name } = this.#engine.storage.store;
    this.#engine.logger.info({ store: name, records: this.#records, milliseconds }, message);
  }
}
