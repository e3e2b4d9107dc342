import type { Broker, Logger } from '@carillon/hooks';
import { type Ban, banOf } from './ban.ts';

/** Retained messages that no client is told of: kept by the broker's store, if it has one. */
const folder = '$carillon/guard/bans';

/** Writes a ban down; resolves when the store has it. */
export async function storeBan(broker: Broker, ban: Ban, now: number): Promise<void> {
  const seconds = ban.until === undefined ? undefined : Math.ceil((ban.until - now) / 1000);
  await broker.publish(topicOf(ban.id), JSON.stringify(ban), {
    qos: 1,
    retain: true,
    ...(seconds !== undefined && { properties: { messageExpiryInterval: Math.min(seconds, 0xffff_ffff) } }),
  });
}

/** Takes what was written down away; resolves when the store has forgotten it. */
export async function forgetBan(broker: Broker, id: string): Promise<void> {
  await broker.publish(topicOf(id), '', { qos: 1, retain: true });
}

/** The bans that were written down. What cannot be read is logged and left out. */
export function* storedBans(broker: Broker, logger: Logger): Generator<Ban> {
  for (const { topic, payload } of broker.retainedMessages(`${folder}/#`)) {
    try {
      yield readBan(JSON.parse(Buffer.from(payload).toString()));
    } catch (error) {
      logger.error({ topic, err: error }, `A stored ban (${topic}) cannot be read and is not in force.`);
    }
  }
}

/** An id may hold any character, a level of a topic may not. */
function topicOf(id: string): string {
  return `${folder}/${Buffer.from(id).toString('base64url')}`;
}

function readBan(value: unknown): Ban {
  if (typeof value !== 'object' || value === null) throw new TypeError('it is no object');
  const fields = new Map<string, unknown>(Object.entries(value));
  const [kind, whom, reason, since, until] = ['kind', 'value', 'reason', 'since', 'until'].map((key) =>
    fields.get(key),
  );
  if (typeof whom !== 'string' || typeof reason !== 'string' || typeof since !== 'number') {
    throw new TypeError('value, reason or since is missing');
  }
  const end = typeof until === 'number' ? { until } : {};
  if (kind === 'address') return { ...banOf({ address: whom, reason }, since), ...end };
  if (kind === 'clientId') return { ...banOf({ clientId: whom, reason }, since), ...end };
  if (kind === 'user') return { ...banOf({ user: whom, reason }, since), ...end };
  throw new TypeError(`kind is ${JSON.stringify(kind)}`);
}
