/** There is no room in the line any more. */
export class LineIsFull extends Error {
  override readonly name = 'LineIsFull';
}

/** How many may go in at a time, and how many may wait for it. */
export interface WaitingLineLimits {
  readonly parallel: number;
  readonly waiting: number;
}

/**
 * Lets so many in at a time, and so many wait, first come, first served: for whatever strangers can ask for and
 * costs something.
 *
 * @example
 * ```ts
 * const line = new WaitingLine({ parallel: 2, waiting: 100 });
 * const isRight = await line.run(() => compare(password, hash), signal);
 * ```
 */
export class WaitingLine {
  readonly #limits: WaitingLineLimits;
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limits: WaitingLineLimits) {
    this.#limits = limits;
  }

  /** Those that wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether somebody who came now would have to wait. */
  get isBusy(): boolean {
    return this.#running >= this.#limits.parallel;
  }

  /**
   * Runs a task when it is its turn. Who gives up while waiting leaves the line.
   *
   * @throws {LineIsFull} when too many wait already; the reason of `signal` when it aborts before the turn has come.
   */
  async run<Result>(task: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    if (this.isBusy) await this.#turn(signal);
    else this.#running++;
    try {
      return await task();
    } finally {
      this.#passOn();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#limits.waiting) {
      throw new LineIsFull(`${this.#limits.waiting} wait already`);
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(begin);
        reject(signal?.reason);
      };
      this.#waiting.add(begin);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  /** Whoever waits longest takes over the place of the one that is done. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
