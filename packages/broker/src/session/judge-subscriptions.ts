import type { ClientView, Permissions, SubscriptionView } from '@carillon/hooks';
import { type QoS, ReasonCode } from '@carillon/protocol';
import { parseSharedFilter } from '@carillon/topics';
import type { Connection } from '../connection/connection.ts';
import { mountFilter } from '../connection/mount-point.ts';
import type { Engine } from '../engine.ts';
import { reasonForHost } from '../hooks/verdict.ts';
import { lowerQoS } from '../publishing/lower-qos.ts';
import { allowsFilter } from '../publishing/permissions.ts';
import { Subscription } from '../routing/subscription.ts';
import { endSubscription } from './end-subscription.ts';
import { type Session, subscriptionView } from './session.ts';

/** What became of a subscription that was asked about again. */
export type Judgement =
  | { readonly outcome: 'allowed'; readonly subscription: Subscription; readonly maximumQoS: QoS }
  | {
      readonly outcome: 'denied';
      readonly subscription: Subscription;
      readonly reason: string;
      readonly by: string;
    }
  /** A plugin failed: nobody knows. The subscription is neither to be used nor to be lost. */
  | { readonly outcome: 'failed'; readonly by: string };

/** Asks about every subscription of a session as though its client subscribed now; changes nothing. */
export async function judgeSubscriptions(
  engine: Engine,
  session: Session,
  client: ClientView,
  permissions: Permissions | undefined,
): Promise<readonly Judgement[]> {
  const judged: Judgement[] = [];
  for (const subscription of [...session.subscriptions.values()]) {
    const { filter } = subscription.record;
    if (!allowsFilter(permissions, parseSharedFilter(filter)?.filter ?? filter)) {
      const reason = `the client's permissions do not cover "${filter}" any more`;
      judged.push({ outcome: 'denied', subscription, reason, by: 'permissions' });
      continue;
    }
    const view = viewAsDecided(subscription, session.mountPoint);
    const verdict = await engine.hooks.slots.authorizeSubscribe?.({ client, subscription: view });
    if (verdict === undefined) judged.push({ outcome: 'allowed', subscription, maximumQoS: 2 });
    else if (verdict.allowed) {
      judged.push({ outcome: 'allowed', subscription, maximumQoS: verdict.maximumQoS });
    } else if (verdict.cause === 'failed') judged.push({ outcome: 'failed', by: verdict.by });
    else {
      const reason = reasonForHost(verdict, 'the subscription is not allowed any more');
      judged.push({ outcome: 'denied', subscription, reason, by: verdict.by });
    }
  }
  return judged;
}

/** Ends what is not allowed any more, and lowers what is allowed at a lower QoS only. */
export function applyJudgements(
  connection: Connection,
  session: Session,
  judged: readonly Judgement[],
): void {
  const { engine } = connection;
  for (const judgement of judged) {
    if (judgement.outcome === 'failed') continue;
    const { subscription } = judgement;
    const { filter, qos } = subscription.record;
    // It was replaced or ended while somebody was asked about it.
    if (session.subscriptions.get(filter) !== subscription) continue;
    if (judgement.outcome === 'denied') {
      const { reason, by } = judgement;
      connection.tellRefused('subscribe', ReasonCode.NotAuthorized, reason, by, filter);
      endSubscription(engine, session, filter, 'not-authorized');
    } else if (judgement.maximumQoS < qos) {
      lowerSubscription(engine, session, subscription, judgement.maximumQoS);
    }
  }
}

function lowerSubscription(engine: Engine, session: Session, old: Subscription, maximumQoS: QoS): void {
  const record = { ...old.record, qos: lowerQoS(old.record.qos, maximumQoS) };
  const subscription = new Subscription(session, record);
  engine.router.replace(old, subscription);
  session.usedOutbox?.feeds.replace(subscription);
  session.subscriptions.set(subscription);
  if (session.isStored) {
    engine.turn.record({ do: 'putSubscription', clientId: session.clientId, subscription: record });
  }
}

/** With the filter that is matched, where `rewriteSubscribe` gave another than the client's: plugins judged that one. */
function viewAsDecided(subscription: Subscription, mountPoint: string): SubscriptionView {
  const view = subscriptionView(subscription);
  const { filter, topicFilter } = subscription.record;
  const plain = parseSharedFilter(filter)?.filter ?? filter;
  if (topicFilter === mountFilter(plain, mountPoint)) return view;
  return { ...view, filter: topicFilter.slice(mountPoint.length) };
}
