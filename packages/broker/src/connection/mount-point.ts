import type { Message } from '@carillon/persistence';
import type { MessageProperties } from '@carillon/protocol';
import { isInside } from '../publishing/permissions.ts';

/*
 * A mount point is a prefix that the broker puts in front of every topic of a client and takes off again on
 * the way out: the client lives in a subtree and does not see it. The Response Topic is such a topic too.
 */

/** The filter as the broker matches it: `#` means everything below the mount point, and not the level above. */
export function mountFilter(filter: string, mountPoint: string): string {
  return mountPoint !== '' && filter === '#' ? `${mountPoint}+/#` : mountPoint + filter;
}

/**
 * Whether a filter that matches the topic also does so as the client wrote it: in the client's own view, too, a
 * leading wildcard does not stand for a topic that begins with `$`. [MQTT-4.7.2-1]
 */
export function matchesWithin(mountPoint: string, topicFilter: string, topic: string): boolean {
  const at = mountPoint.length;
  if (at === 0 || topic.charAt(at) !== '$') return true;
  const first = topicFilter.charAt(at);
  return first !== '+' && first !== '#';
}

/** The message as its publisher's topics are known to the broker. */
export function mountProperties<P extends MessageProperties>(properties: P, mountPoint: string): P {
  const { responseTopic } = properties;
  if (mountPoint === '' || responseTopic === undefined) return properties;
  return { ...properties, responseTopic: mountPoint + responseTopic };
}

/**
 * The message as a client with this mount point sees it. A Response Topic outside is taken away: the client could
 * not reach it, and is not to learn what there is.
 */
export function asSeenBy(message: Message, mountPoint: string): Message {
  if (mountPoint === '') return message;
  const topic = message.topic.slice(mountPoint.length);
  const { responseTopic, ...properties } = message.properties;
  if (responseTopic === undefined) return { ...message, topic };
  if (!isInside(responseTopic, mountPoint)) return { ...message, topic, properties };
  return {
    ...message,
    topic,
    properties: { ...message.properties, responseTopic: responseTopic.slice(mountPoint.length) },
  };
}
