import type { Clock } from '@carillon/hooks';
import { BoundedMap } from '@carillon/hooks/bounded';
import type { Verdict } from './answers.ts';

/** Answers for a time, and no more than so many: the one that was not asked for longest goes first. */
export class VerdictCache<Answer> {
  readonly #clock: Clock;
  readonly #entries: BoundedMap<string, { readonly verdict: Verdict<Answer>; readonly until: number }>;

  constructor(clock: Clock, maximumEntries: number) {
    this.#clock = clock;
    this.#entries = new BoundedMap(maximumEntries);
  }

  get(key: string): Verdict<Answer> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#clock.elapsed() < entry.until) return entry?.verdict;
    this.#entries.delete(key);
    return undefined;
  }

  /** @param milliseconds how long it counts; 0 for not at all */
  set(key: string, verdict: Verdict<Answer>, milliseconds: number): void {
    if (milliseconds <= 0) this.#entries.delete(key);
    else this.#entries.set(key, { verdict, until: this.#clock.elapsed() + milliseconds });
  }
}
