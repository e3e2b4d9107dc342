import type { Rate } from './guard-options.ts';

/**
 * Counts how much of something somebody may still do. It fills with `perSecond` up to `burst`; who takes more than
 * there is goes into debt, and waits until it is paid.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  /** Milliseconds, as everywhere here by a clock that never goes back. */
  #filledAt: number;
  /** Since when it has not been half full; undefined while nobody had to wait. */
  #strainedSince: number | undefined = undefined;

  constructor({ perSecond, burst = perSecond }: Rate, now: number) {
    this.#perSecond = perSecond;
    this.#burst = Math.max(burst, 1);
    this.#tokens = this.#burst;
    this.#filledAt = now;
  }

  /** Takes `amount`, and returns how many milliseconds to wait for it. */
  take(amount: number, now: number): number {
    this.#fill(now);
    this.#tokens -= amount;
    if (this.#tokens >= 0) return 0;
    this.#strainedSince ??= now;
    return Math.ceil((-this.#tokens / this.#perSecond) * 1000);
  }

  /** For how many milliseconds more has been asked of it than it gives. */
  strainedFor(now: number): number {
    return this.#strainedSince === undefined ? 0 : now - this.#strainedSince;
  }

  #fill(now: number): void {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
    if (this.#tokens >= this.#burst / 2) this.#strainedSince = undefined;
  }
}
