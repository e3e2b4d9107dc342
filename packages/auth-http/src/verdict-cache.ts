import type { Clock } from '@carillon/hooks';
import type { Verdict } from './answers.ts';

/** Answers for a time, and no more than so many: the one that was not asked for longest goes first. */
export class VerdictCache<Answer> {
  readonly #clock: Clock;
  readonly #maximumEntries: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, { readonly verdict: Verdict<Answer>; readonly until: number }>();

  constructor(clock: Clock, maximumEntries: number) {
    this.#clock = clock;
    this.#maximumEntries = maximumEntries;
  }

  get(key: string): Verdict<Answer> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (this.#clock.elapsed() >= entry.until) return undefined;
    this.#entries.set(key, entry);
    return entry.verdict;
  }

  /** @param milliseconds how long it counts; 0 for not at all */
  set(key: string, verdict: Verdict<Answer>, milliseconds: number): void {
    this.#entries.delete(key);
    if (milliseconds <= 0 || this.#maximumEntries === 0) return;
    if (this.#entries.size >= this.#maximumEntries) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.set(key, { verdict, until: this.#clock.elapsed() + milliseconds });
  }
}
