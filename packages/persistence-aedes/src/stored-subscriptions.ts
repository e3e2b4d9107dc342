import { plainFilter } from '@carillon/hooks/checks';
import type { SubscriptionRecord } from '@carillon/persistence';
import { parseSharedFilter } from '@carillon/topics';
import type { AedesSubscription } from './backend.ts';
import { sessionMarker } from './client-ids.ts';
import { ObjectFields } from './object-fields.ts';
import type { MatchedFilter, SessionSlot } from './session-slot.ts';

/** Marks a session as one of ours. QoS 0, so that no backend queues anything for it. */
export const markerSubscription: AedesSubscription = { topic: sessionMarker, qos: 0 };

/**
 * The filter as the backend gets it. That of Redis makes it a field of an object, and this one would be none; no
 * filter of a client begins with U+0000.
 */
export function storedFilter(filter: string): string {
  return filter === '__proto__' ? `\0${filter}` : filter;
}

export function writeSubscription(subscription: SubscriptionRecord): AedesSubscription {
  const { filter, qos, noLocal, retainAsPublished, retainHandling, subscriptionIdentifier } = subscription;
  return {
    topic: storedFilter(filter),
    qos,
    nl: noLocal,
    rap: retainAsPublished,
    rh: retainHandling,
    ...(subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }),
  };
}

/** @throws Error when it is damaged. */
export function readSubscription(stored: unknown, slot: Pick<SessionSlot, 'matched'>): SubscriptionRecord {
  const fields = new ObjectFields(stored);
  const filter = fields.text('topic').replace(/^\0/, '');
  const { topicFilter, shareName } = slot.matched.get(filter) ?? matchedByValid(filter);
  return {
    filter,
    topicFilter,
    shareName,
    qos: fields.oneOf('qos', [0, 1, 2]),
    noLocal: fields.flag('nl'),
    retainAsPublished: fields.flag('rap'),
    retainHandling: fields.has('rh') ? fields.oneOf('rh', [0, 1, 2]) : 0,
    subscriptionIdentifier: fields.optionalNumber('subscriptionIdentifier'),
  };
}

/** What has to be kept besides, because the filter does not say it. */
export function matchedApart({
  filter,
  topicFilter,
  shareName,
}: SubscriptionRecord): MatchedFilter | undefined {
  const plain = matchedBy(filter);
  const isPlain = plain.topicFilter === topicFilter && plain.shareName === shareName;
  return isPlain ? undefined : { topicFilter, shareName };
}

/** @throws ImpossibleValue when it is no filter. */
function matchedByValid(filter: string): MatchedFilter {
  const matched = matchedBy(filter);
  plainFilter(matched.topicFilter, 'filter');
  return matched;
}

function matchedBy(filter: string): MatchedFilter {
  const shared = parseSharedFilter(filter);
  if (shared === undefined) return { topicFilter: filter, shareName: undefined };
  return { topicFilter: shared.filter, shareName: shared.shareName };
}
