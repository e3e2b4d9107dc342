import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { findTopicFilterFault } from '@carillon/topics';
import { readEventId } from './event-format.ts';
import { readFlag, readQoS } from './message-parameters.ts';
import { Problem } from './problem.ts';
import { type Query, refuseUnknown } from './query.ts';
import type { HttpSettings } from './settings.ts';

/** What a reader asks for. */
export interface StreamWish {
  readonly filters: readonly string[];
  readonly qos: 0 | 1;
  /** Whether what is retained comes first. */
  readonly retained: boolean;
  /** The last event that the reader has seen; it may be of a stream that is no more, or no id of ours at all. */
  readonly last: LastEvent | undefined;
}

/** Where the reader left off. */
export type LastEvent =
  | { readonly isKnown: true; readonly token: string; readonly number: number }
  | { readonly isKnown: false };

const names = ['filter', 'qos', 'retained', 'last-event-id'];
const anyDepth = { maximumBytes: 65_535, maximumLevels: Number.POSITIVE_INFINITY };

/** @throws {Problem} 400 */
export function readStreamWish(request: IncomingMessage, query: Query, settings: HttpSettings): StreamWish {
  refuseUnknown(query, names, settings.otherParameters);
  const qos = readQoS(one(query, 'qos')) ?? 1;
  if (qos === 2) throw new Problem(400, 'qos is 2; a stream has 0 or 1');
  return {
    filters: readFilters(query.get('filter') ?? [], settings.limits.maximumFilters),
    qos,
    retained: readFlag(one(query, 'retained'), 'retained') ?? true,
    last: readLast(request.headers['last-event-id'] ?? one(query, 'last-event-id')),
  };
}

function readFilters(filters: readonly string[], most: number): readonly string[] {
  const distinct = [...new Set(filters)];
  if (distinct.length === 0) throw new Problem(400, 'name a topic filter: /events?filter=sensors/%23');
  if (distinct.length > most) throw new Problem(400, `a stream has ${most} filters at most`);
  for (const filter of distinct) {
    const fault = findTopicFilterFault(filter, anyDepth);
    if (fault !== undefined) throw new Problem(400, `a filter cannot be: ${fault.message}`);
  }
  return distinct;
}

function readLast(id: string | readonly string[] | undefined): LastEvent | undefined {
  if (id === undefined || id === '') return undefined;
  const known = typeof id === 'string' ? readEventId(id) : undefined;
  return known === undefined ? { isKnown: false } : { isKnown: true, ...known };
}

function one(query: Query, name: string): string | undefined {
  const values = query.get(name) ?? [];
  if (values.length > 1) throw new Problem(400, `${name} is given ${values.length} times`);
  return values[0];
}

/** Who sees client ids, in logs and lists, cannot come back to a stream by them. */
export function clientIdOf(token: string): string {
  return `http:${createHash('sha256').update(token).digest('base64url').slice(0, 22)}`;
}
