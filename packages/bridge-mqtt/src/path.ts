import type { UserProperty } from '@carillon/protocol';

/** The user property that bridges use: on a message, where it has been; on CONNECT and CONNACK, who speaks. */
export const bridgeProperty = 'carillon-bridge';

/** Longer values were not written by a bridge. */
const longestValue = 4096;
const anId = /^[\w.:@-]{1,128}$/;

/** Where a message has been, as its user property tells it. */
export interface Path {
  /** The brokers it left over a bridge, the first one first. */
  readonly brokers: readonly string[];
  /** Names the message among all; given by the first broker from which several bridges could carry it. */
  readonly stamp: string | undefined;
}

const nowhere: Path = Object.freeze({ brokers: [], stamp: undefined });

export function isBrokerId(text: string): boolean {
  return anId.test(text);
}

/** Reads `id,id,id` or `id,id,id stamp`; what has another form was not written by a bridge and counts for nothing. */
export function readPath(properties: readonly UserProperty[] | undefined): Path {
  const value = properties?.find(([name]) => name === bridgeProperty)?.[1];
  if (value === undefined || value.length > longestValue) return nowhere;
  const [ids = '', stamp] = value.split(' ');
  const brokers = ids === '' ? [] : ids.split(',');
  return brokers.every(isBrokerId) ? { brokers, stamp } : nowhere;
}

/** The message's own user properties in their order, then the path. */
export function withPath(properties: readonly UserProperty[] | undefined, path: Path): UserProperty[] {
  const own = properties?.filter(([name]) => name !== bridgeProperty) ?? [];
  const ids = path.brokers.join(',');
  return [...own, [bridgeProperty, path.stamp === undefined ? ids : `${ids} ${path.stamp}`]];
}

/** The id that the other side gave itself in CONNECT or CONNACK. */
export function readBrokerId(properties: readonly UserProperty[] | undefined): string | undefined {
  const id = properties?.find(([name]) => name === bridgeProperty)?.[1];
  return id !== undefined && isBrokerId(id) ? id : undefined;
}
