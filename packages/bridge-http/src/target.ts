import { findTopicNameFault } from '@carillon/topics';
import { Problem } from './problem.ts';
import { decodePart, type Query, readQuery } from './query.ts';

/** What a request is for. */
export type Target =
  | { readonly resource: 'topic'; readonly topic: string; readonly query: Query }
  | { readonly resource: 'events'; readonly query: Query };

/** The engine knows how deep topics may be. */
const anyDepth = { maximumBytes: 65_535, maximumLevels: Number.POSITIVE_INFINITY };

/** What is below the bridge's path; `undefined` when the request is for somebody else. */
export function pathBelow(url: string, path: string): string | undefined {
  if (path === '') return url;
  return url.startsWith(path) && /^[/?]/.test(url.slice(path.length)) ? url.slice(path.length) : undefined;
}

/**
 * Reads `/topics/{topic}`, `/topics?topic={topic}` and `/events`; `undefined` for another path.
 *
 * @throws {Problem} for a topic that cannot be.
 */
export function readTarget(url: string): Target | undefined {
  const mark = url.indexOf('?');
  const path = mark === -1 ? url : url.slice(0, mark);
  const query = mark === -1 ? '' : url.slice(mark + 1);
  if (path === '/events') return { resource: 'events', query: readQuery(query) };
  if (path === '/topics') {
    const { topic, rest } = takeTopic(readQuery(query));
    return { resource: 'topic', topic: checkTopic(topic), query: rest };
  }
  if (!path.startsWith('/topics/')) return undefined;
  const topic = decodePart(path.slice('/topics/'.length), 'the topic');
  return { resource: 'topic', topic: checkTopic(topic), query: readQuery(query) };
}

/** Paths lose levels such as `..` on their way, and proxies may join slashes. */
function takeTopic(query: Query): { topic: string; rest: Query } {
  const [topic, ...more] = query.get('topic') ?? [];
  if (topic === undefined || more.length > 0) {
    throw new Problem(400, 'name one topic: /topics/{topic}, or /topics?topic={topic}');
  }
  const rest = new Map(query);
  rest.delete('topic');
  return { topic, rest };
}

function checkTopic(topic: string): string {
  const fault = findTopicNameFault(topic, anyDepth);
  if (fault === undefined) return topic;
  throw new Problem(400, `the topic cannot be: ${fault.message}`);
}
