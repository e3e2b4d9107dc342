import type { DropReason } from '@carillon/hooks';
import type { Message } from '@carillon/persistence';
import type { Engine } from '../engine.ts';
import { MadeMessage } from '../publishing/content.ts';
import { lowerQoS } from '../publishing/lower-qos.ts';
import { allowsReceiving, isInside } from '../publishing/permissions.ts';
import { Copy } from '../routing/subscription.ts';
import type { Session } from './session.ts';

/** The copy as the session is to have it, or why it may not. */
export function checkDelivery(engine: Engine, session: Session, offered: Copy): Copy | DropReason {
  const { authorizeDeliver, rewriteDeliver } = engine.hooks.slots;
  const { permissions, mountPoint } = session;
  const { topic } = offered.content;
  if (!isInside(topic, mountPoint)) return 'not-authorized';
  if (permissions !== undefined && !allowsReceiving(permissions, topic, mountPoint)) {
    return 'not-authorized';
  }
  if (authorizeDeliver !== null && !engine.reservedIds.has(session.clientId)) {
    const verdict = authorizeDeliver(deliverEvent(session, offered));
    if (!verdict.allowed) return verdict.cause === 'failed' ? 'hook-failed' : 'not-authorized';
  }
  if (rewriteDeliver === null) return offered;
  const rewritten = rewriteDeliver(deliverEvent(session, offered));
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

function deliverEvent({ clientId, identity, connection }: Session, { message }: Copy) {
  return { message, clientId, identity, client: connection?.client };
}
