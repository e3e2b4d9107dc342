/** Where in a call the process ends. */
export type Moment = 'before' | 'after';

/** Counts the calls of a store, whichever process makes them, and ends that process at some of them. */
export class FatalCalls {
  readonly #at: ReadonlyMap<number, Moment>;
  #calls = 0;
  #isOver = false;

  /** `at` is by the number of the call, beginning with 1. */
  constructor(at: ReadonlyMap<number, Moment>) {
    this.#at = at;
  }

  /** Nobody dies any more. */
  noMore(): void {
    this.#isOver = true;
  }

  /** When the process does not outlive the call, it never returns to it. */
  around<Result>(process: MortalProcess, call: () => Result): Result | Promise<never> {
    if (!process.isAlive) return never();
    const moment = this.#isOver ? undefined : this.#at.get(++this.#calls);
    if (moment === 'before') {
      process.kill();
      return never();
    }
    const result = call();
    if (moment === undefined) return result;
    // Whatever comes of it, nobody is there to be told.
    Promise.resolve(result).catch(() => {});
    process.kill();
    return never();
  }

  /** As `around`, for a call whose work is done when its promise is kept. */
  async aroundAsync<Result>(process: MortalProcess, call: () => Promise<Result>): Promise<Result> {
    if (!process.isAlive) return never();
    const moment = this.#isOver ? undefined : this.#at.get(++this.#calls);
    if (moment === 'before') process.kill();
    if (!process.isAlive) return never();
    const result = await call();
    if (moment === 'after') process.kill();
    return process.isAlive ? result : never();
  }
}

/** Who makes the calls. */
export interface MortalProcess {
  readonly isAlive: boolean;
  kill(): void;
}

function never(): Promise<never> {
  return new Promise(() => {});
}
