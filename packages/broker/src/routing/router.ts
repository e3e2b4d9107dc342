import type { QoS } from '@carillon/protocol';
import { FilterTree } from '@carillon/topics';
import { matchesWithin } from '../connection/mount-point.ts';
import { FilterSubscribers } from './filter-subscribers.ts';
import type { ShareGroup } from './share-group.ts';
import type { Receiver, Subscription } from './subscription.ts';

/** One receiver of a topic, with what its matching subscriptions amount to. */
export interface Destination {
  readonly receiver: Receiver;
  /** The highest granted QoS among the matching subscriptions. [MQTT-3.3.4-2] */
  readonly qos: QoS;
  /** True when any of them asks for it: who wants the flag gets it. */
  readonly retainAsPublished: boolean;
  /** Of every matching subscription that has one. [MQTT-3.3.4-4] */
  readonly subscriptionIdentifiers: readonly number[];
  /** Kept only when one of them is No Local: its publisher is then looked at. */
  readonly subscriptions: readonly Subscription[] | undefined;
}

/** Who gets the messages of a topic. */
export interface Route {
  /** Valid while the router's generation is this. */
  readonly generation: number;
  readonly destinations: readonly Destination[];
  readonly groups: readonly ShareGroup[];
}

const noIdentifiers: readonly number[] = Object.freeze([]);
/** Topics whose routes are remembered; beyond it all are forgotten, which only costs a new match each. */
const rememberedRoutes = 16 * 1024;
/**
 * Of the routes that had to be made, every so manieth is remembered: a topic that comes often is soon among them, and a
 * million topics in turn do not keep forgetting each other, which costs more than their matches.
 */
const rememberedOf = 8;

/**
 * Who subscribed to a filter. Most filters have one subscription, which stands for itself: a list of one would take
 * another 50 bytes.
 */
type Subscribers = Subscription | FilterSubscribers;

/**
 * Finds the receivers of a topic.
 *
 *     topic filter ─► subscription alone, or FilterSubscribers ─► subscriptions (one copy each)
 *                                                               └► share groups by name (one copy per group)
 *
 * Routes are remembered by topic and hold while the generation number is unchanged: there is no invalidation.
 */
export class Router {
  readonly #filters = new FilterTree<Subscribers>();
  readonly #routes = new Map<string, Route>();
  readonly #copyPerFilter: boolean;
  #generation = 0;
  #count = 0;
  #made = 0;

  constructor(options: { copyPerFilter: boolean }) {
    this.#copyPerFilter = options.copyPerFilter;
  }

  /** Subscriptions of all receivers. */
  get size(): number {
    return this.#count;
  }

  /** Rises with every change of a subscription. */
  get generation(): number {
    return this.#generation;
  }

  add(subscription: Subscription): void {
    const { topicFilter, shareName } = subscription.record;
    const known = this.#filters.getOrAdd(topicFilter, () =>
      shareName === undefined ? subscription : new FilterSubscribers(),
    );
    if (known instanceof FilterSubscribers) known.add(subscription);
    else if (known === subscription) subscription.place = 0;
    else {
      const subscribers = new FilterSubscribers();
      subscribers.add(known);
      subscribers.add(subscription);
      this.#filters.set(topicFilter, subscribers);
    }
    this.#count++;
    this.#generation++;
  }

  /** Puts `subscription` in the place of `old`; no message can fall between the two. [MQTT-3.8.4-4] */
  replace(old: Subscription, subscription: Subscription): void {
    const { shareName, topicFilter } = subscription.record;
    const samePlace = old.record.topicFilter === topicFilter && old.record.shareName === shareName;
    if (old.place === -1 || !samePlace) {
      this.remove(old);
      this.add(subscription);
      return;
    }
    const known = this.#filters.get(topicFilter);
    if (known instanceof FilterSubscribers) known.replace(old, subscription);
    else this.#filters.set(topicFilter, subscription);
    subscription.place = old.place;
    old.place = -1;
    this.#generation++;
  }

  remove(subscription: Subscription): void {
    if (subscription.place === -1) return;
    const { topicFilter } = subscription.record;
    const known = this.#filters.get(topicFilter);
    if (known instanceof FilterSubscribers) known.remove(subscription);
    if (known === subscription || (known instanceof FilterSubscribers && known.isEmpty)) {
      this.#filters.delete(topicFilter);
    }
    subscription.place = -1;
    this.#count--;
    this.#generation++;
  }

  /** A receiver takes other topics than before. */
  receiversChanged(): void {
    this.#generation++;
  }

  route(topic: string): Route {
    const known = this.#routes.get(topic);
    if (known !== undefined && known.generation === this.#generation) return known;
    const route = this.#makeRoute(topic);
    if (known === undefined && this.#made++ % rememberedOf !== 0) return route;
    if (this.#routes.size >= rememberedRoutes) this.#routes.clear();
    this.#routes.set(topic, route);
    return route;
  }

  /** Whether a route was made for the topic, which then is a valid one. */
  remembers(topic: string): boolean {
    return this.#routes.has(topic);
  }

  /** The group that the subscription is in; undefined when it is not shared. */
  groupOf(subscription: Subscription): ShareGroup | undefined {
    if (subscription.record.shareName === undefined) return undefined;
    const known = this.#filters.get(subscription.record.topicFilter);
    return known instanceof FilterSubscribers ? known.groupOf(subscription) : undefined;
  }

  *groups(): IterableIterator<ShareGroup> {
    for (const [, known] of this.#filters.entries()) {
      if (known instanceof FilterSubscribers) yield* known.groups;
    }
  }

  #makeRoute(topic: string): Route {
    const matching: Subscribers[] = [];
    this.#filters.collect(topic, matching);
    const groups: ShareGroup[] = [];
    const subscriptions: Subscription[] = [];
    for (const known of matching) {
      if (known instanceof FilterSubscribers) {
        for (const subscription of known.subscriptions) {
          if (subscription.receiver.takes(topic)) subscriptions.push(subscription);
        }
        groups.push(...known.groups);
      } else if (known.receiver.takes(topic)) subscriptions.push(known);
    }
    if (topic.includes('/$')) this.#dropUnseen(topic, subscriptions, groups);
    const merge = matching.length > 1 && !this.#copyPerFilter;
    const destinations = merge
      ? mergeByReceiver(subscriptions)
      : subscriptions.map((subscription) => destinationOf([subscription]));
    return { generation: this.#generation, destinations, groups };
  }

  /** What begins with `$` beneath a mount point is not matched by a wildcard at its root. */
  #dropUnseen(topic: string, subscriptions: Subscription[], groups: ShareGroup[]): void {
    keep(subscriptions, ({ receiver, record }) =>
      matchesWithin(receiver.mountPoint, record.topicFilter, topic),
    );
    keep(groups, ({ mountPoint, topicFilter }) => matchesWithin(mountPoint, topicFilter, topic));
  }
}

function keep<T>(list: T[], isWanted: (item: T) => boolean): void {
  list.splice(0, list.length, ...list.filter(isWanted));
}

/**
 * The destination as this message finds it: No Local subscriptions of its own publisher do not count, and do
 * not mute the others. Undefined when none is left. [MQTT-3.8.3-3]
 */
export function withoutNoLocal(destination: Destination, publisherId: string): Destination | undefined {
  const { subscriptions, receiver } = destination;
  if (subscriptions === undefined || receiver.publisherId !== publisherId) return destination;
  const counting = subscriptions.filter((subscription) => !subscription.record.noLocal);
  return counting.length === 0 ? undefined : destinationOf(counting);
}

function mergeByReceiver(subscriptions: readonly Subscription[]): Destination[] {
  const byReceiver = new Map<Receiver, Subscription[]>();
  for (const subscription of subscriptions) {
    const known = byReceiver.get(subscription.receiver);
    if (known === undefined) byReceiver.set(subscription.receiver, [subscription]);
    else known.push(subscription);
  }
  return Array.from(byReceiver.values(), destinationOf);
}

function destinationOf(subscriptions: readonly Subscription[]): Destination {
  const [first] = subscriptions;
  if (first === undefined) throw new Error('a destination needs a subscription');
  let qos: QoS = 0;
  let retainAsPublished = false;
  let noLocal = false;
  let identifiers: number[] | undefined;
  for (const { record } of subscriptions) {
    if (record.qos > qos) qos = record.qos;
    retainAsPublished ||= record.retainAsPublished;
    noLocal ||= record.noLocal;
    if (record.subscriptionIdentifier !== undefined) {
      identifiers ??= [];
      identifiers.push(record.subscriptionIdentifier);
    }
  }
  return {
    receiver: first.receiver,
    qos,
    retainAsPublished,
    subscriptionIdentifiers: identifiers ?? noIdentifiers,
    subscriptions: noLocal ? subscriptions : undefined,
  };
}
