import type { Engine } from '../engine.ts';
import { Subscription } from '../routing/subscription.ts';
import type { Session } from './session.ts';

/**
 * Ends one subscription of a session; undefined when there is none under that filter. What was begun is
 * finished; messages of a share group that were not begun go to another member. [MQTT-3.10.4-2]
 */
export function endSubscription(
  engine: Engine,
  session: Session,
  filter: string,
  why: 'asked' | 'not-authorized',
): Subscription | undefined {
  const subscription = session.subscriptions.get(filter);
  if (subscription === undefined) return undefined;
  const { shareName } = subscription.record;
  const group = engine.router.groupOf(subscription);
  if (why === 'not-authorized') {
    session.hasLostSubscriptions = true;
    session.rightsChanged();
  }
  session.subscriptions.delete(filter);
  engine.router.remove(subscription);
  session.usedOutbox?.feeds.end(filter);
  if (session.isStored) {
    engine.turn.record({ do: 'deleteSubscription', clientId: session.clientId, filter });
  }
  if (shareName !== undefined) engine.sessions.passOnShared(session, filter, group);
  engine.hooks.slots.unsubscribed?.({ clientId: session.clientId, filter, why });
  return subscription;
}

/** The store could not forget it: it stays in force, unless there is another one by now. */
export function renewSubscription(engine: Engine, session: Session, { record }: Subscription): void {
  if (session.hasEnded || session.subscriptions.has(record.filter)) return;
  const subscription = new Subscription(session, record);
  session.subscriptions.set(subscription);
  engine.router.add(subscription);
  if (session.isStored) {
    engine.turn.undo({ do: 'putSubscription', clientId: session.clientId, subscription: record });
  }
}
