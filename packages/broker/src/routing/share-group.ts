import type { SelectSharedEvent } from '@carillon/hooks';
import type { ShareStrategy } from '../options/engine-options.ts';
import type { Content } from '../publishing/content.ts';
import type { Receiver, Subscription } from './subscription.ts';
import { topicHash } from './topic-hash.ts';

/**
 * The sessions of one mount point that share one filter under one share name: each message goes to one of them. [MQTT-4.8.2]
 *
 * Those who are connected come first: a message is given to a session without a client only when there is
 * no other.
 */
export class ShareGroup {
  readonly shareName: string;
  readonly topicFilter: string;
  /** Of all its members. */
  readonly mountPoint: string;
  /** By place, in order of joining: a Map keeps it while anybody leaves, and searches for nobody. */
  readonly #byPlace = new Map<number, Subscription>();
  #lastPlace = 0;
  /** The same in a list, until somebody comes or goes. */
  #members: readonly Subscription[] | undefined = undefined;
  #next = 0;
  #sticky: Subscription | undefined = undefined;

  constructor(shareName: string, topicFilter: string, mountPoint: string) {
    this.shareName = shareName;
    this.topicFilter = topicFilter;
    this.mountPoint = mountPoint;
  }

  /** In order of joining. */
  get members(): readonly Subscription[] {
    this.#members ??= [...this.#byPlace.values()];
    return this.#members;
  }

  get isEmpty(): boolean {
    return this.#byPlace.size === 0;
  }

  add(subscription: Subscription): void {
    subscription.place = ++this.#lastPlace;
    this.#byPlace.set(subscription.place, subscription);
    this.#members = undefined;
  }

  /** Of the same receiver, which keeps its turn. */
  replace(old: Subscription, subscription: Subscription): void {
    this.#byPlace.set(old.place, subscription);
    this.#members = undefined;
    if (this.#sticky === old) this.#sticky = subscription;
  }

  remove(subscription: Subscription): void {
    this.#byPlace.delete(subscription.place);
    this.#members = undefined;
    if (this.#sticky === subscription) this.#sticky = undefined;
  }

  /** Who can take a message now, without those in `except`. */
  candidates(except: ReadonlySet<Receiver> | undefined): readonly Subscription[] {
    const able = except === undefined ? this.members : this.members.filter((m) => !except.has(m.receiver));
    const connected = able.filter((member) => member.receiver.isConnected);
    return connected.length > 0 ? connected : able;
  }

  /** Chooses one of `candidates`, which is not empty. */
  choose(
    candidates: readonly Subscription[],
    content: Content,
    strategy: ShareStrategy,
    selectShared: ((event: SelectSharedEvent) => number | undefined) | null,
  ): Subscription | undefined {
    if (selectShared !== null) {
      const members = candidates.map(({ receiver }) => ({
        clientId: receiver.clientId,
        connected: receiver.isConnected,
        load: receiver.load,
      }));
      const index = selectShared({
        shareName: this.shareName,
        filter: this.topicFilter,
        message: content.message,
        members,
      });
      if (index !== undefined) return candidates[index];
    }
    return this.#chooseBy(strategy, candidates, content);
  }

  #chooseBy(
    strategy: ShareStrategy,
    candidates: readonly Subscription[],
    content: Content,
  ): Subscription | undefined {
    switch (strategy) {
      case 'round-robin':
        this.#next = (this.#next + 1) % candidates.length;
        return candidates[this.#next];
      case 'least-loaded':
        return candidates.reduce((least, member) =>
          member.receiver.load < least.receiver.load ? member : least,
        );
      case 'sticky':
        if (this.#sticky === undefined || !candidates.includes(this.#sticky)) this.#sticky = candidates[0];
        return this.#sticky;
      case 'topic-hash':
        return candidates[topicHash(content.topic) % candidates.length];
    }
  }
}
