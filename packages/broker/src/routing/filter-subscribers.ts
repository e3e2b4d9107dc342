import type { ShareGroup } from './share-group.ts';
import type { Subscription } from './subscription.ts';

/** Everybody who subscribed to one topic filter. */
export class FilterSubscribers {
  readonly topicFilter: string;
  /** Most filters have one subscriber, and an array that is pushed to has room for 17. */
  subscriptions: Subscription[] = [];
  /** By share name; undefined while there are none, which is the rule. */
  groups: Map<string, ShareGroup> | undefined = undefined;

  constructor(topicFilter: string) {
    this.topicFilter = topicFilter;
  }

  get isEmpty(): boolean {
    return this.subscriptions.length === 0 && this.groups === undefined;
  }

  add(subscription: Subscription): void {
    subscription.home = this;
    subscription.index = this.subscriptions.length;
    if (this.subscriptions.length === 0) this.subscriptions = [subscription];
    else this.subscriptions.push(subscription);
  }

  /** The last one takes the place of the one that leaves. */
  remove(subscription: Subscription): void {
    const last = this.subscriptions.pop();
    if (last !== undefined && last !== subscription) {
      this.subscriptions[subscription.index] = last;
      last.index = subscription.index;
    }
    subscription.home = undefined;
    subscription.index = -1;
  }

  replace(old: Subscription, subscription: Subscription): void {
    subscription.home = this;
    subscription.index = old.index;
    this.subscriptions[old.index] = subscription;
    old.home = undefined;
    old.index = -1;
  }
}
