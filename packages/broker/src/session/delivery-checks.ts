import type { DropReason } from '@carillon/hooks';
import type { Engine } from '../engine.ts';
import { copyWith } from '../publishing/fan-out.ts';
import { allowsReceiving, isInside } from '../publishing/permissions.ts';
import type { Copy } from '../routing/subscription.ts';
import type { Session } from './session.ts';

/** The copy as the session is to have it, or why it may not. */
export function checkDelivery(engine: Engine, session: Session, offered: Copy): Copy | DropReason {
  const { authorizeDeliver, rewriteDeliver } = engine.hooks.slots;
  const { permissions, mountPoint } = session;
  if (!isInside(offered.message.topic, mountPoint)) return 'not-authorized';
  if (permissions !== undefined && !allowsReceiving(permissions, offered.message.topic, mountPoint)) {
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

function deliverEvent({ clientId, identity, connection }: Session, { message }: Copy) {
  return { message, clientId, identity, client: connection?.client };
}
