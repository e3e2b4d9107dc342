/** A cap in bytes for each second: what is spent above it has to be waited for. */
export class Bandwidth {
  readonly #bytesPerSecond: number;
  readonly #elapsed: () => number;
  /** The instant at which everything spent so far is paid. */
  #paidAt = 0;

  constructor(bytesPerSecond: number, elapsed: () => number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#elapsed = elapsed;
  }

  /** Milliseconds until the next message may go; 0 for at once. */
  spend(bytes: number): number {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return 0;
    const now = this.#elapsed();
    this.#paidAt = Math.max(now, this.#paidAt) + (bytes / this.#bytesPerSecond) * 1000;
    return Math.ceil(this.#paidAt - now);
  }
}
