import { ServiceFailure } from './service-failure.ts';

/** Lets so many in at a time, and so many wait, first come, first served. */
export class WaitingLine {
  readonly #parallel: number;
  readonly #maximumWaiting: number;
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor({ parallel, waiting }: { readonly parallel: number; readonly waiting: number }) {
    this.#parallel = parallel;
    this.#maximumWaiting = waiting;
  }

  /**
   * Runs a task when it is its turn. Who gives up while waiting leaves the line.
   *
   * @throws {ServiceFailure} `busy`, when the line is full.
   */
  async run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    await this.#enter(signal);
    try {
      return await task();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < this.#parallel) {
      this.#running++;
      return;
    }
    if (this.#waiting.size >= this.#maximumWaiting) {
      throw new ServiceFailure('busy', `${this.#maximumWaiting} wait for the service already`);
    }
    await new Promise<void>((admit, reject) => {
      this.#waiting.add(admit);
      const giveUp = (): void => {
        if (this.#waiting.delete(admit)) reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** The place goes to the next one, or is free. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
