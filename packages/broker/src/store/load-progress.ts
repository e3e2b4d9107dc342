import type { Engine } from '../engine.ts';

const recordsPerMessage = 100_000;

/** Tells the log how far a long load has come. */
export class LoadProgress {
  readonly #engine: Engine;
  readonly #begin: number;
  #records = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#begin = engine.clock.elapsed();
  }

  took(): void {
    if (++this.#records % recordsPerMessage === 0) this.#tell('loading what the store has');
  }

  end(): void {
    if (this.#records > 0) this.#tell('loaded what the store has');
  }

  #tell(message: string): void {
    const milliseconds = Math.round(this.#engine.clock.elapsed() - this.#begin);
    const { name } = this.#engine.storage.store;
    this.#engine.logger.info({ store: name, records: this.#records, milliseconds }, message);
  }
}
