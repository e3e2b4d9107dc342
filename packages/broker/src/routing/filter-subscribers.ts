import { ShareGroup } from './share-group.ts';
import type { Subscription } from './subscription.ts';

/** Everybody who subscribed to one topic filter, where that is more than one subscription of one receiver's own. */
export class FilterSubscribers {
  /** Without those of share groups. */
  readonly subscriptions: Subscription[] = [];
  /** By share name and mount point; undefined while there are none, which is the rule. */
  #groups: Map<string, ShareGroup> | undefined = undefined;

  get isEmpty(): boolean {
    return this.subscriptions.length === 0 && this.#groups === undefined;
  }

  get groups(): Iterable<ShareGroup> {
    return this.#groups?.values() ?? [];
  }

  groupOf(subscription: Subscription): ShareGroup | undefined {
    return this.#groups?.get(groupKey(subscription));
  }

  add(subscription: Subscription): void {
    const { topicFilter, shareName } = subscription.record;
    if (shareName === undefined) {
      subscription.place = this.subscriptions.length;
      this.subscriptions.push(subscription);
      return;
    }
    this.#groups ??= new Map();
    const key = groupKey(subscription);
    const group =
      this.#groups.get(key) ?? new ShareGroup(shareName, topicFilter, subscription.receiver.mountPoint);
    this.#groups.set(key, group);
    group.add(subscription);
  }

  /** The last one takes the place of the one that leaves. */
  remove(subscription: Subscription): void {
    if (subscription.record.shareName !== undefined) this.#removeFromGroup(subscription);
    else {
      const last = this.subscriptions.pop();
      if (last !== undefined && last !== subscription) {
        this.subscriptions[subscription.place] = last;
        last.place = subscription.place;
      }
    }
  }

  /** Of the same receiver, filter and share name. */
  replace(old: Subscription, subscription: Subscription): void {
    if (old.record.shareName !== undefined) this.groupOf(old)?.replace(old, subscription);
    else this.subscriptions[old.place] = subscription;
  }

  #removeFromGroup(subscription: Subscription): void {
    const group = this.groupOf(subscription);
    if (group === undefined) return;
    group.remove(subscription);
    if (!group.isEmpty) return;
    this.#groups?.delete(groupKey(subscription));
    if (this.#groups?.size === 0) this.#groups = undefined;
  }
}

/** Tenants may give their groups the same name, and the host one that would reach into theirs. */
function groupKey({ record, receiver }: Subscription): string {
  return `${record.shareName}/${receiver.mountPoint}`;
}
