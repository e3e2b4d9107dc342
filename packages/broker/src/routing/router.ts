import type { QoS } from '@carillon/protocol';
import { FilterTree } from '@carillon/topics';
import { matchesWithin } from '../connection/mount-point.ts';
import { FilterSubscribers } from './filter-subscribers.ts';
import { ShareGroup } from './share-group.ts';
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
 * Finds the receivers of a topic.
 *
 *     topic filter ─► FilterSubscribers ─► subscriptions (one copy each)
 *                                       └► share groups by name (one copy per group)
 *
 * Routes are remembered by topic and hold while the generation number is unchanged: there is no invalidation.
 */
export class Router {
  readonly #filters = new FilterTree<FilterSubscribers>();
  readonly #routes = new Map<string, Route>();
  readonly #copyPerFilter: boolean;
  #generation = 0;
  #count = 0;

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
    const subscribers = this.#subscribersOf(topicFilter);
    if (shareName === undefined) {
      subscribers.add(subscription);
    } else {
      subscribers.groups ??= new Map();
      const { mountPoint } = subscription.receiver;
      const key = groupKey(shareName, mountPoint);
      const group = subscribers.groups.get(key) ?? new ShareGroup(shareName, topicFilter, mountPoint);
      subscribers.groups.set(key, group);
      group.add(subscription);
      subscription.home = subscribers;
    }
    this.#count++;
    this.#generation++;
  }

  /** Puts `subscription` in the place of `old`; no message can fall between the two. [MQTT-3.8.4-4] */
  replace(old: Subscription, subscription: Subscription): void {
    const { home } = old;
    const { shareName, topicFilter } = subscription.record;
    const samePlace = home?.topicFilter === topicFilter && old.record.shareName === shareName;
    if (home === undefined || !samePlace) {
      this.remove(old);
      this.add(subscription);
      return;
    }
    if (shareName === undefined) {
      home.replace(old, subscription);
    } else {
      home.groups?.get(groupKey(shareName, old.receiver.mountPoint))?.replace(old, subscription);
      subscription.home = home;
      old.home = undefined;
    }
    this.#generation++;
  }

  remove(subscription: Subscription): void {
    const { home } = subscription;
    if (home === undefined) return;
    const { shareName } = subscription.record;
    if (shareName === undefined) home.remove(subscription);
    else removeFromGroup(home, shareName, subscription);
    if (home.isEmpty) this.#filters.delete(home.topicFilter);
    this.#count--;
    this.#generation++;
  }

  route(topic: string): Route {
    const known = this.#routes.get(topic);
    if (known !== undefined && known.generation === this.#generation) return known;
    const route = this.#makeRoute(topic);
    if (this.#routes.size >= rememberedRoutes) this.#routes.clear();
    this.#routes.set(topic, route);
    return route;
  }

  /** Whether a route was made for the topic, which then is a valid one. */
  remembers(topic: string): boolean {
    return this.#routes.has(topic);
  }

  /** The group that the subscription is in; undefined when it is not shared. */
  groupOf({ record, receiver }: Subscription): ShareGroup | undefined {
    const { shareName, topicFilter } = record;
    if (shareName === undefined) return undefined;
    return this.#filters.get(topicFilter)?.groups?.get(groupKey(shareName, receiver.mountPoint));
  }

  *groups(): IterableIterator<ShareGroup> {
    for (const [, subscribers] of this.#filters.entries()) {
      if (subscribers.groups !== undefined) yield* subscribers.groups.values();
    }
  }

  #subscribersOf(topicFilter: string): FilterSubscribers {
    const known = this.#filters.get(topicFilter);
    if (known !== undefined) return known;
    const subscribers = new FilterSubscribers(topicFilter);
    this.#filters.set(topicFilter, subscribers);
    return subscribers;
  }

  #makeRoute(topic: string): Route {
    const matching: FilterSubscribers[] = [];
    this.#filters.collect(topic, matching);
    const groups: ShareGroup[] = [];
    const subscriptions: Subscription[] = [];
    for (const subscribers of matching) {
      for (const subscription of subscribers.subscriptions) subscriptions.push(subscription);
      if (subscribers.groups !== undefined) groups.push(...subscribers.groups.values());
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

/** Tenants may give their groups the same name, and the host one that would reach into theirs. */
function groupKey(shareName: string, mountPoint: string): string {
  return `${shareName}/${mountPoint}`;
}

/**
 * The destination as this message finds it: No Local subscriptions of its own publisher do not count, and do
 * not mute the others. Undefined when none is left. [MQTT-3.8.3-3]
 */
export function withoutNoLocal(destination: Destination, publisherId: string): Destination | undefined {
  const { subscriptions, receiver } = destination;
  if (subscriptions === undefined || receiver.clientId !== publisherId) return destination;
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

function removeFromGroup(home: FilterSubscribers, shareName: string, subscription: Subscription): void {
  const key = groupKey(shareName, subscription.receiver.mountPoint);
  const group = home.groups?.get(key);
  if (group === undefined) return;
  group.remove(subscription);
  subscription.home = undefined;
  if (group.members.length > 0) return;
  home.groups?.delete(key);
  if (home.groups?.size === 0) home.groups = undefined;
}
