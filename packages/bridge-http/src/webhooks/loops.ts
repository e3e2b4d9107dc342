import { matchesFilter } from '@carillon/topics';
import { WebhookError } from './webhook-error.ts';
import type { WebhookSettings } from './webhook-settings.ts';

/**
 * Refuses webhooks that get their own dead letters, or those of each other in a circle: a message that nobody takes
 * would never come to rest.
 *
 * @throws {WebhookError} `WEBHOOK_LOOPS`
 */
export function refuseLoops(all: readonly WebhookSettings[]): void {
  for (const start of all) {
    const circle = circleFrom(start, all);
    if (circle === undefined) continue;
    const way = [...circle, start].map(({ id }) => `"${id}"`).join(' to ');
    throw new WebhookError(
      'WEBHOOK_LOOPS',
      circle.length === 1
        ? `the filters of webhook "${start.id}" match its own deadLetterTopic: what the receiver does not take would come again and again`
        : `dead letters would go in a circle, from ${way}: let the filters of one not match the deadLetterTopic of the other`,
    );
  }
}

/** The webhooks by which a dead letter of one comes back to it, in order; undefined when it does not. */
function circleFrom(
  start: WebhookSettings,
  all: readonly WebhookSettings[],
): readonly WebhookSettings[] | undefined {
  const ways = [[start]];
  const seen = new Set<WebhookSettings>();
  for (const way of ways) {
    for (const next of receiversOfDeadLetters(way.at(-1) ?? start, all)) {
      if (next === start) return way;
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

function receiversOfDeadLetters(
  { undeliverable }: WebhookSettings,
  all: readonly WebhookSettings[],
): readonly WebhookSettings[] {
  if (undeliverable.kind !== 'dead-letter') return [];
  return all.filter(({ filters }) => filters.some((filter) => matchesFilter(filter, undeliverable.topic)));
}
