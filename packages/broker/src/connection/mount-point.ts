import type { Message } from '@carillon/persistence';
import type { MessageProperties } from '@carillon/protocol';

/*
 * A mount point is a prefix that the broker puts in front of every topic of a client and takes off again on
 * the way out: the client lives in a subtree and does not see it. The Response Topic is such a topic too.
 */

/** The filter as the broker matches it: `#` means everything below the mount point, and not the level above. */
export function mountFilter(filter: string, mountPoint: string): string {
  return mountPoint !== '' && filter === '#' ? `${mountPoint}+/#` : mountPoint + filter;
}

/** The message as its publisher's topics are known to the broker. */
export function mountProperties<P extends MessageProperties>(properties: P, mountPoint: string): P {
  const { responseTopic } = properties;
  if (mountPoint === '' || responseTopic === undefined) return properties;
  return { ...properties, responseTopic: mountPoint + responseTopic };
}

/** The message as a client with this mount point sees it. */
export function asSeenBy(message: Message, mountPoint: string): Message {
  if (mountPoint === '') return message;
  const { responseTopic } = message.properties;
  const topic = takeOff(message.topic, mountPoint);
  if (responseTopic === undefined) return { ...message, topic };
  return {
    ...message,
    topic,
    properties: { ...message.properties, responseTopic: takeOff(responseTopic, mountPoint) },
  };
}

function takeOff(topic: string, mountPoint: string): string {
  return topic.startsWith(mountPoint) ? topic.slice(mountPoint.length) : topic;
}
