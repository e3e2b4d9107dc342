import type { Permissions } from '@carillon/hooks';
import { filterCovers, matchesFilter } from '@carillon/topics';

export type { Permissions };

interface Confined {
  readonly principal: { readonly mountPoint: string } | undefined;
  readonly permissions: Permissions | undefined;
}

/** Whether the publisher's own permissions, as authentication gave them, include the topic. */
export function allowsTopic(publisher: Confined, topic: string): boolean {
  const filters = publisher.permissions?.publish;
  if (filters === undefined) return true;
  const own = withoutMountPoint(topic, publisher.principal?.mountPoint ?? '');
  return own !== undefined && filters.some((filter) => matchesFilter(filter, own));
}

/** Whether everything the filter can match is permitted. The filter is the client's own, `$share/…` taken off. */
export function allowsFilter(permissions: Permissions | undefined, filter: string): boolean {
  const filters = permissions?.subscribe;
  return filters === undefined || filters.some((wider) => filterCovers(wider, filter));
}

/** Whether the receiver's own permissions include the topic. */
export function allowsReceiving(
  permissions: Permissions | undefined,
  topic: string,
  mountPoint: string,
): boolean {
  const filters = permissions?.receive;
  if (filters === undefined) return true;
  const own = withoutMountPoint(topic, mountPoint);
  return own !== undefined && filters.some((filter) => matchesFilter(filter, own));
}

/**
 * Whether the client has a name for the topic. The mount point itself, with nothing after it, lies outside: no
 * topic name is empty. [MQTT-4.7.3-1]
 */
export function isInside(topic: string, mountPoint: string): boolean {
  return mountPoint === '' || (topic.length > mountPoint.length && topic.startsWith(mountPoint));
}

/** The topic as the client knows it; undefined when it lies outside its mount point. */
export function withoutMountPoint(topic: string, mountPoint: string): string | undefined {
  if (mountPoint === '') return topic;
  return topic.startsWith(mountPoint) ? topic.slice(mountPoint.length) : undefined;
}
