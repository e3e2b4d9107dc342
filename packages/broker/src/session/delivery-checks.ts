import type { DeliverEvent, DropReason } from '@carillon/hooks';
import type { Message } from '@carillon/persistence';
import { matchesFilter } from '@carillon/topics';
import type { Engine } from '../engine.ts';
import { type Content, MadeMessage } from '../publishing/content.ts';
import { lowerQoS } from '../publishing/lower-qos.ts';
import { allowsReceiving, isInside } from '../publishing/permissions.ts';
import { Copy } from '../routing/subscription.ts';
import type { Session } from './session.ts';

/** The copy as the session is to have it, or why it may not. */
export function checkDelivery(engine: Engine, session: Session, offered: Copy): Copy | DropReason {
  const { rewriteDeliver } = engine.hooks.slots;
  const { mountPoint } = session;
  const denied = findDenial(engine, session, offered.content);
  if (denied !== undefined) return denied;
  if (rewriteDeliver === null) return offered;
  const rewritten = rewriteDeliver(deliverEvent(session, offered.message));
  if (!rewritten.ok) return 'hook-failed';
  // Nothing would be left of the topic for the client.
  if (mountPoint !== '' && rewritten.value.topic === mountPoint) return 'hook-failed';
  return rewritten.value === offered.message ? offered : copyWith(offered, rewritten.value);
}

/** The copy with another message in it. */
function copyWith({ qos, retain, subscriptionIdentifiers, share }: Copy, message: Message): Copy {
  const content = new MadeMessage(message);
  return new Copy(content, lowerQoS(message.qos, qos), retain, subscriptionIdentifiers, share);
}

/**
 * Why a message that has waited may not be delivered any more. Plugins are asked about it as it waits: where one
 * rewrites copies, they would be asked about what they have never seen, and are not.
 */
export function objectionTo(engine: Engine, session: Session, content: Content): DropReason | undefined {
  if (session.hasLostSubscriptions && !hasSubscriptionFor(session, content.topic)) return 'not-authorized';
  if (engine.hooks.slots.rewriteDeliver !== null) return undefined;
  return findDenial(engine, session, content);
}

function hasSubscriptionFor({ subscriptions }: Session, topic: string): boolean {
  for (const { record } of subscriptions.values()) if (matchesFilter(record.topicFilter, topic)) return true;
  return false;
}

function findDenial(engine: Engine, session: Session, content: Content): DropReason | undefined {
  const { authorizeDeliver } = engine.hooks.slots;
  const { permissions, mountPoint } = session;
  if (!isInside(content.topic, mountPoint)) return 'not-authorized';
  if (permissions !== undefined && !allowsReceiving(permissions, content.topic, mountPoint)) {
    return 'not-authorized';
  }
  if (authorizeDeliver === null || engine.reservedIds.has(session.clientId)) return undefined;
  const verdict = authorizeDeliver(deliverEvent(session, content.message));
  if (verdict.allowed) return undefined;
  return verdict.cause === 'failed' ? 'hook-failed' : 'not-authorized';
}

/** What plugins are asked about a message for the session. */
export function deliverEvent({ clientId, owner, connection }: Session, message: Message): DeliverEvent {
  return { message, clientId, identity: owner.identity, receiver: owner, client: connection?.client };
}
