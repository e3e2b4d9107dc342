import type { Clock } from '@carillon/hooks';

/** Those who are kept waiting, by the clock. There is room for so many and no more. */
export class WaitingRoom {
  readonly #clock: Clock;
  readonly #places: number;
  #taken = 0;

  constructor(clock: Clock, places: number) {
    this.#clock = clock;
    this.#places = places;
  }

  /** Resolves after `delay` milliseconds; undefined when there is no place left. */
  wait(delay: number): Promise<void> | undefined {
    if (this.#taken >= this.#places) return undefined;
    this.#taken++;
    return new Promise((resolve) => {
      this.#clock.schedule(delay, () => {
        this.#taken--;
        resolve();
      });
    });
  }
}
