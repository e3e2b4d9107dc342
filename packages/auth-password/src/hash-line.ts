/** There is no room in the line any more. */
export class LineIsFull extends Error {
  override readonly name = 'LineIsFull';
}

/** Hashing takes turns: so many at a time, and so many may wait. */
export class HashLine {
  readonly #maximumParallel: number;
  readonly #maximumWaiting: number;
  #running = 0;
  /** In the order in which they came. */
  readonly #waiting = new Set<() => void>();

  constructor({ maximumParallel, maximumWaiting }: { maximumParallel: number; maximumWaiting: number }) {
    this.#maximumParallel = maximumParallel;
    this.#maximumWaiting = maximumWaiting;
  }

  /** Those that wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether somebody who came now would have to wait. */
  get isBusy(): boolean {
    return this.#running >= this.#maximumParallel;
  }

  /**
   * Does `work` when it is its turn.
   *
   * @param signal Leaves the line when it aborts: nobody waits for the answer any more.
   * @throws {LineIsFull} when too many wait already.
   */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.isBusy) await this.#turn(signal);
    else this.#running++;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maximumWaiting) throw new LineIsFull('too many logins at the same time');
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
