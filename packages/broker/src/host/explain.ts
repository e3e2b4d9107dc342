import type { Explanation, ExplanationStep } from '@carillon/hooks';
import { ReasonCode, type SubscriptionRequest } from '@carillon/protocol';
import { findTopicFilterFault, findTopicNameFault, matchesFilter, parseSharedFilter } from '@carillon/topics';
import { matchesWithin } from '../connection/mount-point.ts';
import type { Engine } from '../engine.ts';
import { reasonForHost, type Verdict } from '../hooks/verdict.ts';
import { OptionError } from '../options/option-error.ts';
import { createMessage } from '../publishing/broker-message.ts';
import { allowsFilter, allowsReceiving, allowsTopic, isInside } from '../publishing/permissions.ts';
import { deliverEvent } from '../session/delivery-checks.ts';
import type { Session } from '../session/session.ts';
import { isOwnTopic, ownTopicsReason } from '../system/own-topics.ts';

/** Collects steps until one says no. */
class Trail {
  readonly #steps: ExplanationStep[] = [];

  note(step: string, detail: string): void {
    this.#steps.push({ step, outcome: 'noted', detail });
  }

  allow(step: string, detail: string): void {
    this.#steps.push({ step, outcome: 'allowed', detail });
  }

  denied(step: string, by: string, reasonCode: number, detail: string): Explanation {
    this.#steps.push({ step, outcome: 'denied', detail });
    return { allowed: false, decidedBy: by, reasonCode, steps: this.#steps };
  }

  allowed(by: string): Explanation {
    return { allowed: true, decidedBy: by, reasonCode: ReasonCode.Success, steps: this.#steps };
  }
}

/** Walks the way a packet would take, without taking it, and says what decides. */
export async function explain(
  engine: Engine,
  clientId: string,
  action: 'publish' | 'subscribe' | 'receive',
  topic: string,
): Promise<Explanation> {
  if (!['publish', 'subscribe', 'receive'].includes(action)) {
    throw new OptionError('action', action, 'publish, subscribe or receive');
  }
  const trail = new Trail();
  const session = engine.sessions.get(clientId);
  if (session === undefined) {
    return trail.denied(
      'session',
      'session',
      ReasonCode.UnspecifiedError,
      `there is no session "${clientId}"`,
    );
  }
  trail.note(
    'session',
    session.connection === undefined ? 'its client is not connected' : 'its client is connected',
  );
  if (action === 'publish') return explainPublish(engine, session, topic, trail);
  if (action === 'subscribe') return explainSubscribe(engine, session, topic, trail);
  return explainReceive(engine, session, topic, trail);
}

async function explainPublish(
  engine: Engine,
  session: Session,
  topic: string,
  trail: Trail,
): Promise<Explanation> {
  const fault = findTopicNameFault(topic, engine.topicLimits);
  if (fault !== undefined)
    return trail.denied('topic', fault.rule, ReasonCode.TopicNameInvalid, fault.message);
  trail.allow('topic', 'it is a topic name');
  if (isOwnTopic(topic)) {
    return trail.denied('topic', 'state', ReasonCode.NotAuthorized, ownTopicsReason);
  }
  const { permissions, connection } = session;
  const mounted = session.mountPoint + topic;
  if (!allowsTopic({ principal: session.owner, permissions }, mounted)) {
    return trail.denied(
      'permissions',
      'permissions',
      ReasonCode.NotAuthorized,
      'no permitted filter matches it',
    );
  }
  if (permissions?.publish !== undefined) trail.allow('permissions', 'a permitted filter matches it');
  const { authorizePublish } = engine.hooks.slots;
  if (authorizePublish === null) {
    trail.note('authorizePublish', 'no plugin decides');
    return trail.allowed('default');
  }
  const parts = {
    topic: mounted,
    payload: new Uint8Array(0),
    qos: 0,
    retain: false,
    origin: 'client',
    publisherId: session.clientId,
  } as const;
  const verdict = await authorizePublish({
    message: createMessage(parts, engine.now()),
    client: connection?.client,
    publisher: session.owner,
  });
  return conclude(trail, 'authorizePublish', verdict);
}

async function explainSubscribe(
  engine: Engine,
  session: Session,
  filter: string,
  trail: Trail,
): Promise<Explanation> {
  const fault = findTopicFilterFault(filter, engine.topicLimits);
  if (fault !== undefined)
    return trail.denied('filter', fault.rule, ReasonCode.TopicFilterInvalid, fault.message);
  trail.allow('filter', 'it is a topic filter');
  const shared = parseSharedFilter(filter);
  const plain = shared?.filter ?? filter;
  if (!allowsFilter(session.permissions, plain)) {
    return trail.denied(
      'permissions',
      'permissions',
      ReasonCode.NotAuthorized,
      'no permitted filter covers it',
    );
  }
  const { maximumSubscriptions } = engine.options.limits;
  const most = session.connection?.terms.maximumSubscriptions ?? maximumSubscriptions;
  if (!session.subscriptions.has(filter) && session.subscriptions.size >= most) {
    const detail = `the session has its ${most} subscriptions`;
    return trail.denied('limit', 'limit:maximumSubscriptions', ReasonCode.QuotaExceeded, detail);
  }
  trail.allow('limit', `${session.subscriptions.size} of ${most} subscriptions`);
  const { authorizeSubscribe } = engine.hooks.slots;
  const client = session.connection?.client;
  if (authorizeSubscribe === null) {
    trail.note('authorizeSubscribe', 'no plugin decides');
    return trail.allowed('default');
  }
  if (client === undefined) {
    const detail = 'plugins decide about connected clients only';
    return trail.denied('authorizeSubscribe', 'state', ReasonCode.UnspecifiedError, detail);
  }
  const asked: SubscriptionRequest = {
    filter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
  };
  const subscription = { ...asked, shareName: shared?.shareName, subscriptionIdentifier: undefined };
  return conclude(trail, 'authorizeSubscribe', await authorizeSubscribe({ client, subscription }));
}

async function explainReceive(
  engine: Engine,
  session: Session,
  topic: string,
  trail: Trail,
): Promise<Explanation> {
  const { mountPoint, permissions } = session;
  const mounted = mountPoint + topic;
  const matching = [...session.subscriptions.values()].filter(
    ({ record }) =>
      matchesFilter(record.topicFilter, mounted) && matchesWithin(mountPoint, record.topicFilter, mounted),
  );
  if (matching.length === 0 || !isInside(mounted, mountPoint)) {
    const detail = 'no subscription of the session matches it';
    return trail.denied('subscription', 'subscription', ReasonCode.NoSubscriptionExisted, detail);
  }
  trail.allow(
    'subscription',
    matching.map(({ record }) => `${record.filter} (QoS ${record.qos})`).join(', '),
  );
  if (!allowsReceiving(permissions, mounted, mountPoint)) {
    return trail.denied(
      'permissions',
      'permissions',
      ReasonCode.NotAuthorized,
      'no permitted filter matches it',
    );
  }
  const { authorizeDeliver } = engine.hooks.slots;
  if (authorizeDeliver !== null) {
    const parts = {
      topic: mounted,
      payload: new Uint8Array(0),
      qos: 0,
      retain: false,
      origin: 'host',
      publisherId: '',
    } as const;
    const verdict = authorizeDeliver(deliverEvent(session, createMessage(parts, engine.now())));
    if (!verdict.allowed) return conclude(trail, 'authorizeDeliver', verdict);
    trail.allow('authorizeDeliver', allowedBy(verdict));
  }
  const qos = Math.max(...matching.map(({ record }) => record.qos));
  return explainQueue(session, qos, engine.options.queueQoS0, trail);
}

function explainQueue(session: Session, qos: number, queueQoS0: boolean, trail: Trail): Explanation {
  const { connection, queued, inflight, queueLimits } = session;
  if (connection?.isCongested === true && qos === 0) {
    const detail = 'its output buffer is full: QoS 0 is dropped';
    return trail.denied('queue', 'queue', ReasonCode.QuotaExceeded, detail);
  }
  if (connection === undefined && qos === 0 && !queueQoS0) {
    return trail.denied(
      'queue',
      'queue',
      ReasonCode.UnspecifiedError,
      'QoS 0 does not wait for a client that is away',
    );
  }
  if (queued >= queueLimits.maximumQueuedMessages) {
    const detail = `${queued} messages wait, which is its limit`;
    return trail.denied('queue', 'limit:maximumQueuedMessages', ReasonCode.QuotaExceeded, detail);
  }
  trail.allow('queue', `${queued} messages wait, ${inflight} are in flight`);
  return trail.allowed('subscription');
}

function conclude(trail: Trail, step: string, verdict: Verdict): Explanation {
  if (!verdict.allowed) {
    const detail = reasonForHost(verdict, `denied by ${verdict.by}`);
    return trail.denied(step, verdict.by, verdict.reasonCode, detail);
  }
  trail.allow(step, allowedBy(verdict));
  return trail.allowed(verdict.by);
}

function allowedBy({ by, because }: Extract<Verdict, { allowed: true }>): string {
  return because === undefined ? `allowed by ${by}` : `allowed by ${by}: ${because}`;
}
