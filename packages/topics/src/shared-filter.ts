import { dollar } from './characters.ts';

/** Every shared filter begins with this. [MQTT-4.8.2-1] */
export const sharePrefix = '$share/';

/** A shared filter taken apart. */
export interface SharedFilter {
  /** The group's name: what stands between `$share/` and the next slash. */
  readonly shareName: string;
  /** The filter the group's messages must match. A group is the pair of both. */
  readonly filter: string;
}

/**
 * Takes a shared filter apart.
 *
 * `undefined` means that the filter is not shared. The filter must be one in which
 * {@link findTopicFilterFault} finds no fault: a broken one such as `$share/group` also gives `undefined`.
 *
 * @example
 * parseSharedFilter('$share/workers/jobs/+'); // { shareName: 'workers', filter: 'jobs/+' }
 * parseSharedFilter('$share/workers//jobs');  // { shareName: 'workers', filter: '/jobs' }
 * parseSharedFilter('jobs/+');                // undefined
 */
export function parseSharedFilter(filter: string): SharedFilter | undefined {
  // Most filters are told by their first character.
  if (filter.charCodeAt(0) !== dollar || !filter.startsWith(sharePrefix)) return undefined;
  const nameEnd = filter.indexOf('/', sharePrefix.length);
  if (nameEnd <= sharePrefix.length || nameEnd === filter.length - 1) return undefined;
  return { shareName: filter.slice(sharePrefix.length, nameEnd), filter: filter.slice(nameEnd + 1) };
}
