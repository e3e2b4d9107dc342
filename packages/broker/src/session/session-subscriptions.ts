import type { Subscription } from '../routing/subscription.ts';

/** As many are looked through one by one. */
const few = 8;

const none: readonly Subscription[] = Object.freeze([]);

/**
 * The subscriptions of a session, by the filter as the client wrote it, in the order in which they came. Most sessions
 * have few, and a Map of five takes 280 bytes: only those who have many have one.
 */
export class SessionSubscriptions {
  /** Exactly as long as there are: an array that was pushed to, or made by spreading, has room for 17. */
  #few = none;
  #many: Map<string, Subscription> | undefined = undefined;

  get size(): number {
    return this.#many?.size ?? this.#few.length;
  }

  get(filter: string): Subscription | undefined {
    if (this.#many !== undefined) return this.#many.get(filter);
    return this.#few.find(({ record }) => record.filter === filter);
  }

  has(filter: string): boolean {
    return this.get(filter) !== undefined;
  }

  /** Takes one in, in place of the one of the same filter. */
  set(subscription: Subscription): void {
    const { filter } = subscription.record;
    if (this.#many !== undefined) {
      this.#many.set(filter, subscription);
      return;
    }
    const place = this.#few.findIndex(({ record }) => record.filter === filter);
    if (place !== -1) this.#few = this.#few.with(place, subscription);
    else if (this.#few.length < few) this.#few = this.#few.concat(subscription);
    else {
      const all = [...this.#few, subscription];
      this.#many = new Map(all.map((each) => [each.record.filter, each]));
      this.#few = none;
    }
  }

  delete(filter: string): void {
    if (this.#many !== undefined) this.#many.delete(filter);
    else this.#few = this.#few.filter(({ record }) => record.filter !== filter);
  }

  clear(): void {
    this.#few = none;
    this.#many = undefined;
  }

  values(): Iterable<Subscription> {
    return this.#many?.values() ?? this.#few;
  }
}
