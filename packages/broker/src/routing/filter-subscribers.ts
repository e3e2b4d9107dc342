import type { ShareGroup } from './share-group.ts';
import type { Subscription } from './subscription.ts';

const nobody: readonly Subscription[] = Object.freeze([]);

/** Everybody who subscribed to one topic filter. */
export class FilterSubscribers {
  readonly topicFilter: string;
  /** By share name and mount point; undefined while there are none, which is the rule. */
  groups: Map<string, ShareGroup> | undefined = undefined;
  /** One alone, as most filters have it, is held directly: an array that was pushed to has room for 17. */
  #subscriptions: Subscription | Subscription[] | undefined = undefined;

  constructor(topicFilter: string) {
    this.topicFilter = topicFilter;
  }

  /** Without those of share groups. */
  get subscriptions(): readonly Subscription[] {
    const held = this.#subscriptions;
    if (held === undefined) return nobody;
    return Array.isArray(held) ? held : [held];
  }

  get isEmpty(): boolean {
    return this.subscriptions.length === 0 && this.groups === undefined;
  }

  add(subscription: Subscription): void {
    const held = this.#subscriptions;
    subscription.home = this;
    subscription.index = this.subscriptions.length;
    if (held === undefined) this.#subscriptions = subscription;
    else if (Array.isArray(held)) held.push(subscription);
    else this.#subscriptions = [held, subscription];
  }

  /** The last one takes the place of the one that leaves. */
  remove(subscription: Subscription): void {
    const held = this.#subscriptions;
    if (held === subscription) this.#subscriptions = undefined;
    else if (Array.isArray(held)) {
      const last = held.pop();
      if (last !== undefined && last !== subscription) {
        held[subscription.index] = last;
        last.index = subscription.index;
      }
    }
    subscription.home = undefined;
    subscription.index = -1;
  }

  replace(old: Subscription, subscription: Subscription): void {
    subscription.home = this;
    subscription.index = old.index;
    if (Array.isArray(this.#subscriptions)) this.#subscriptions[old.index] = subscription;
    else this.#subscriptions = subscription;
    old.home = undefined;
    old.index = -1;
  }
}
