import type { SubscriptionView } from '@carillon/hooks';
import type { MaybePromise, SubscriptionRecord } from '@carillon/persistence';
import {
  ProtocolError,
  type QoS,
  ReasonCode,
  type SubscribePacket,
  type SubscriptionRequest,
} from '@carillon/protocol';
import { findTopicFilterFault, hasWildcards, isSystemTopic, parseSharedFilter } from '@carillon/topics';
import type { Connection } from '../connection/connection.ts';
import { mountFilter } from '../connection/mount-point.ts';
import type { Engine } from '../engine.ts';
import { type Denied, reasonForHost } from '../hooks/verdict.ts';
import { lowerQoS } from '../publishing/lower-qos.ts';
import { allowsFilter } from '../publishing/permissions.ts';
import { RetainedFeed } from '../retained/retained-feed.ts';
import { Subscription } from '../routing/subscription.ts';
import type { Session } from '../session/session.ts';
import { asksForHiddenTopics } from '../system/own-topics.ts';

/** What became of one filter of a SUBSCRIBE. */
type Decided =
  | { readonly granted: true; readonly record: SubscriptionRecord }
  | {
      readonly granted: false;
      readonly reasonCode: number;
      readonly reason: string;
      readonly forHost: string;
      readonly by: string;
    };

/** SUBSCRIBE: each filter is decided by itself, then all that were granted come into force, then SUBACK. */
export function handleSubscribe(connection: Connection, packet: SubscribePacket): MaybePromise<void> {
  for (const request of packet.subscriptions) checkRequest(connection, request, packet);
  const { rewriteSubscribe, authorizeSubscribe } = connection.engine.hooks.slots;
  const isTrusted = connection.inProcess !== undefined;
  const tooMany = filtersWithoutRoom(connection, packet);
  if (isTrusted || (rewriteSubscribe === null && authorizeSubscribe === null)) {
    grantAll(
      connection,
      packet,
      packet.subscriptions.map((request) => decideByGrants(connection, request, packet, tooMany)),
    );
    return undefined;
  }
  return decideAll(connection, packet, tooMany).then((decided) => grantAll(connection, packet, decided));
}

const none: ReadonlySet<string> = new Set();

/** The filters that the session has no room for: new ones, counted in their order, each once. */
function filtersWithoutRoom(
  { session, terms }: Connection,
  { subscriptions }: SubscribePacket,
): ReadonlySet<string> {
  const room = terms.maximumSubscriptions - (session?.subscriptions.size ?? 0);
  if (subscriptions.length <= room) return none;
  const added = new Set<string>();
  const without = new Set<string>();
  for (const { filter } of subscriptions) {
    if (session?.subscriptions.has(filter) === true || added.has(filter)) continue;
    added.add(filter);
    if (added.size > room) without.add(filter);
  }
  return without;
}

/** Faults that fail the whole packet. */
function checkRequest(
  { engine, terms }: Connection,
  { filter, noLocal }: SubscriptionRequest,
  packet: SubscribePacket,
): void {
  const fault = findTopicFilterFault(filter, engine.topicLimits);
  if (fault !== undefined) throw new ProtocolError(ReasonCode.TopicFilterInvalid, fault.rule, fault.message);
  const isShared = isSystemTopic(filter) && filter.startsWith('$share/');
  if (isShared && noLocal) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      'MQTT-3.8.3-4',
      'No Local is not possible for a shared subscription',
    );
  }
  if (terms.version !== 5) return;
  const { options } = engine;
  if (isShared && !options.sharedSubscriptionAvailable) {
    throw new ProtocolError(
      ReasonCode.SharedSubscriptionsNotSupported,
      '§3.2.2.3.13',
      'shared subscriptions are not available',
    );
  }
  if (!options.wildcardSubscriptionAvailable && hasWildcards(filter)) {
    throw new ProtocolError(
      ReasonCode.WildcardSubscriptionsNotSupported,
      '§3.2.2.3.11',
      'wildcard subscriptions are not available',
    );
  }
  if (packet.properties.subscriptionIdentifier !== undefined && !options.subscriptionIdentifiersAvailable) {
    throw new ProtocolError(
      ReasonCode.SubscriptionIdentifiersNotSupported,
      '§3.2.2.3.12',
      'Subscription Identifiers are not available',
    );
  }
}

async function decideAll(
  connection: Connection,
  packet: SubscribePacket,
  tooMany: ReadonlySet<string>,
): Promise<Decided[]> {
  const decided: Decided[] = [];
  for (const request of packet.subscriptions) {
    const byGrants = decideByGrants(connection, request, packet, tooMany);
    decided.push(byGrants.granted ? await askHooks(connection, byGrants.record) : byGrants);
  }
  return decided;
}

async function askHooks(connection: Connection, granted: SubscriptionRecord): Promise<Decided> {
  const { client, engine } = connection;
  if (client === undefined) return { granted: true, record: granted };
  const { rewriteSubscribe, authorizeSubscribe } = engine.hooks.slots;
  const asked = viewOf(granted);
  const rewritten = await rewriteSubscribe?.({ client, subscription: asked });
  if (rewritten !== undefined && !rewritten.ok) return refusedBy(rewritten.refusal);
  const subscription = rewritten?.value ?? asked;
  const verdict = await authorizeSubscribe?.({ client, subscription });
  if (verdict !== undefined && !verdict.allowed) return refusedBy(verdict);
  const maximumQoS: QoS = verdict?.maximumQoS ?? 2;
  const plain = parseSharedFilter(subscription.filter)?.filter ?? subscription.filter;
  const rewrittenFilter = subscription.filter !== asked.filter;
  return {
    granted: true,
    record: {
      ...granted,
      topicFilter: rewrittenFilter
        ? mountFilter(plain, connection.session?.mountPoint ?? '')
        : granted.topicFilter,
      qos: lowerQoS(subscription.qos, maximumQoS),
      noLocal: subscription.noLocal,
      retainAsPublished: subscription.retainAsPublished,
      retainHandling: subscription.retainHandling,
    },
  };
}

function refusedBy(denied: Denied): Decided {
  const { reasonCode, reasonString: reason = 'not authorized to subscribe to this', by } = denied;
  return { granted: false, reasonCode, reason, forHost: reasonForHost(denied, reason), by };
}

/** What the broker's options, its limits and the client's permissions say. */
function decideByGrants(
  connection: Connection,
  request: SubscriptionRequest,
  packet: SubscribePacket,
  tooMany: ReadonlySet<string>,
): Decided {
  const { engine, session, terms } = connection;
  const { options } = engine;
  const { filter } = request;
  const shared = parseSharedFilter(filter);
  const plain = shared?.filter ?? filter;
  if (shared !== undefined && terms.version !== 5 && !sharesFor3(options)) {
    return refused(ReasonCode.UnspecifiedError, 'shared subscriptions need MQTT 5.0 here', 'state');
  }
  if (!options.wildcardSubscriptionAvailable && hasWildcards(plain)) {
    return refused(ReasonCode.UnspecifiedError, 'wildcard subscriptions are not available', 'state');
  }
  if (asksForHiddenTopics(plain)) {
    return refused(ReasonCode.NotAuthorized, 'what is below $carillon is told to no client', 'state');
  }
  if (session === undefined || !allowsFilter(session.permissions, plain)) {
    return refused(
      ReasonCode.NotAuthorized,
      `the client's permissions do not cover "${filter}"`,
      'permissions',
    );
  }
  // A bridge of MQTT 3 cannot ask for it, and says by its bit that it wants it: nothing comes back to it, and
  // what is retained stays so.
  const isBridge = terms.version !== 5 && connection.client?.bridge === true;
  if (tooMany.has(filter)) {
    return refused(
      ReasonCode.QuotaExceeded,
      `the session has its ${terms.maximumSubscriptions} subscriptions`,
      'limit:maximumSubscriptions',
    );
  }
  return {
    granted: true,
    record: {
      filter,
      topicFilter: mountFilter(plain, session.mountPoint),
      shareName: shared?.shareName,
      // [MQTT-3.2.2-10]
      qos: lowerQoS(request.qos, options.maximumQoS),
      noLocal: request.noLocal || (isBridge && shared === undefined),
      retainAsPublished: request.retainAsPublished || isBridge,
      retainHandling: request.retainHandling,
      subscriptionIdentifier: packet.properties.subscriptionIdentifier,
    },
  };
}

function sharesFor3(options: {
  sharedSubscriptionsFor3: boolean;
  sharedSubscriptionAvailable: boolean;
}): boolean {
  return options.sharedSubscriptionsFor3 && options.sharedSubscriptionAvailable;
}

function refused(reasonCode: number, reason: string, by: string): Decided {
  return { granted: false, reasonCode, reason, forHost: reason, by };
}

function grantAll(connection: Connection, packet: SubscribePacket, decided: readonly Decided[]): void {
  const { engine, session } = connection;
  if (session === undefined || session.hasEnded || !connection.isOpen) return;
  const grants: Granted[] = [];
  decided.forEach((decision, i) => {
    if (decision.granted) grants.push(grant(engine, session, decision.record));
    else {
      const filter = packet.subscriptions[i]?.filter;
      connection.tellRefused('subscribe', decision.reasonCode, decision.forHost, decision.by, filter);
    }
  });
  const acknowledge = (reasonCodes: readonly number[]): void => {
    connection.send({
      type: 'suback',
      packetId: packet.packetId,
      reasonCodes: reasonCodes.map((code) => codeFor(connection, code)),
      properties: wordsFor(decided),
    });
  };
  const stored = (): void => {
    acknowledge(decided.map((decision) => (decision.granted ? decision.record.qos : decision.reasonCode)));
    for (const granted of grants) complete(connection, session, granted);
  };
  const failed = (): void => {
    for (const granted of grants.reverse()) takeBack(engine, session, granted);
    acknowledge(decided.map(() => ReasonCode.UnspecifiedError));
  };
  if (engine.turn.hasOperations) engine.turn.hold({ stored, failed });
  else stored();
}

/** A subscription that came into force, and the one in whose place it did. */
interface Granted {
  readonly subscription: Subscription;
  readonly old: Subscription | undefined;
  /** The retained messages of now: what comes later comes live. */
  readonly feed: RetainedFeed | undefined;
}

/** The subscription comes into force, in the place of the one it replaces if there is one. [MQTT-3.8.4-3] */
function grant(engine: Engine, session: Session, record: SubscriptionRecord): Granted {
  const subscription = new Subscription(session, record);
  const old = session.subscriptions.get(record.filter);
  if (old === undefined) engine.router.add(subscription);
  else {
    engine.router.replace(old, subscription);
    session.usedOutbox?.feeds.replace(subscription);
  }
  session.subscriptions.set(subscription);
  if (session.isStored) {
    engine.turn.record({ do: 'putSubscription', clientId: session.clientId, subscription: record });
  }
  const hasFeed = wantsRetained(record, old === undefined) && engine.retained.mayMatch(record.topicFilter);
  const feed = hasFeed ? new RetainedFeed(engine, subscription) : undefined;
  return { subscription, old, feed };
}

/** It is stored: retained messages follow, unless it is gone again by now, and it is told. */
function complete({ engine, client }: Connection, session: Session, { subscription, feed }: Granted): void {
  const { record } = subscription;
  const current = feed === undefined ? undefined : session.subscriptions.get(record.filter);
  if (feed !== undefined && current !== undefined) {
    feed.replace(current);
    session.outbox.feed(feed);
  }
  if (client !== undefined) engine.hooks.slots.subscribed?.({ client, subscription: viewOf(record) });
}

/** It could not be stored: all is as before, unless the subscription has been changed again. */
function takeBack(engine: Engine, session: Session, { subscription, old }: Granted): void {
  const { filter } = subscription.record;
  if (session.subscriptions.get(filter) !== subscription) return;
  const { clientId, isStored } = session;
  if (old === undefined) {
    engine.router.remove(subscription);
    session.subscriptions.delete(filter);
    if (isStored) engine.turn.undo({ do: 'deleteSubscription', clientId, filter });
  } else {
    engine.router.replace(subscription, old);
    session.usedOutbox?.feeds.replace(old);
    session.subscriptions.set(old);
    if (isStored) engine.turn.undo({ do: 'putSubscription', clientId, subscription: old.record });
  }
}

/** Shared subscriptions never get retained messages. [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] */
function wantsRetained(record: SubscriptionRecord, isNew: boolean): boolean {
  if (record.shareName !== undefined) return false;
  return record.retainHandling === 0 || (record.retainHandling === 1 && isNew);
}

/** SUBACK of MQTT 3 knows one failure only. */
function codeFor({ terms }: Connection, code: number): number {
  return terms.version !== 5 && code >= 0x80 ? 0x80 : code;
}

function wordsFor(decided: readonly Decided[]): { reasonString?: string } {
  for (const decision of decided) {
    if (!decision.granted) return { reasonString: decision.reason };
  }
  return {};
}

function viewOf(record: SubscriptionRecord): SubscriptionView {
  const { filter, shareName, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } =
    record;
  return { filter, shareName, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier };
}
