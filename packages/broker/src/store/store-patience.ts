import type { Clock } from '@carillon/hooks';
import { BrokerError } from '../host/broker-error.ts';

/** Waits for a store that is to come to its end, but not for ever. */
export class StorePatience {
  readonly #clock: Clock;
  readonly #store: string;
  readonly #milliseconds: number;
  /** The first thing it did not do in time. */
  #hanging: string | undefined = undefined;

  constructor(clock: Clock, store: string, milliseconds: number) {
    this.#clock = clock;
    this.#store = store;
    this.#milliseconds = milliseconds;
  }

  /** Whether it was done in time. `doing` is what the store has not done otherwise. Rejects as `work` does. */
  async waitFor(work: Promise<unknown>, doing: string): Promise<boolean> {
    const isDone = await new Promise<boolean>((resolve, reject) => {
      const patience = this.#clock.schedule(this.#milliseconds, () => resolve(false));
      work.then(
        () => {
          patience.cancel();
          resolve(true);
        },
        (error: unknown) => {
          patience.cancel();
          reject(error);
        },
      );
    });
    if (!isDone) this.#hanging ??= doing;
    return isDone;
  }

  /** What has gone wrong, if anything has. */
  get error(): BrokerError | undefined {
    if (this.#hanging === undefined) return undefined;
    return new BrokerError(
      'BROKER_STORE_HANGS',
      `the store "${this.#store}" has not ${this.#hanging} within ${this.#milliseconds} ms and was given up: ` +
        'what was not acknowledged may not be stored',
    );
  }
}
