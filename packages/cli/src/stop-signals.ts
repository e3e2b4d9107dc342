/**
 * Milliseconds in which further signals are taken for the first one: Ctrl-C reaches a whole process group, and npm
 * passes it on once more.
 */
const echoes = 2_000;

/** What a signal means: begin to stop, the same wish once more, or stop at once. */
export type StopWish = 'stop' | 'echo' | 'stop at once';

/** Tells the first signal from its echoes, and these from somebody who has lost patience. */
export class StopSignals {
  readonly #elapsed: () => number;
  #first: number | undefined = undefined;

  /** @param elapsed Milliseconds since some fixed moment. */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** A signal has come. */
  received(): StopWish {
    const now = this.#elapsed();
    if (this.#first === undefined) {
      this.#first = now;
      return 'stop';
    }
    return now - this.#first < echoes ? 'echo' : 'stop at once';
  }
}
