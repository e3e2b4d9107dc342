/*
 * The layout of the database. No MQTT string can hold U+0000 [MQTT-1.5.4-2], so it delimits every id inside
 * a key: session "a" never meets session "ab", and a range over a prefix that ends in it is exact.
 *
 *     m ␀ name                          facts about the store itself
 *     s ␀ client id                     session
 *     n ␀ client id                     what its queue amounts to, but for entries that came last
 *     u ␀ client id ␀ filter            subscription
 *     q ␀ client id ␀ sequence          chunk of the queue, under the number of its first entry; a message with
 *                                       one receiver lies in it whole
 *     f ␀ client id ␀ sequence          how far the delivery of that chunk's entries has come
 *     i ␀ client id ␀ packet id         inbound QoS 2 identifier that is taken
 *     w ␀ client id                     Will
 *     b ␀ number                        bundle: messages that several sessions wait for
 *     c ␀ number                        how many entries of queues refer to the bundle
 *     r ␀ topic                         retained message
 *     x ␀ key                           a record that could not be read, set aside
 */

const nul = '\0';

/** One digit of sequence numbers and numbers of bundles: fixed width, so that text order is number order. */
const numberWidth = 14;

export type Space = 'm' | 's' | 'n' | 'u' | 'q' | 'f' | 'i' | 'w' | 'b' | 'c' | 'r' | 'x';

/** The spaces in which each key begins with a client id and goes on. */
export const sessionSpaces = ['u', 'q', 'f', 'i'] as const;
/** The spaces with one record for each session. */
export const sessionRecords = ['s', 'n', 'w'] as const;

export const keyOf = {
  meta: (name: string): string => join('m', name),
  session: (clientId: string): string => join('s', clientId),
  queueSummary: (clientId: string): string => join('n', clientId),
  subscription: (clientId: string, filter: string): string => join('u', clientId, filter),
  chunk: (clientId: string, first: number): string => join('q', clientId, fixed(first)),
  marks: (clientId: string, first: number): string => join('f', clientId, fixed(first)),
  inboundId: (clientId: string, packetId: number): string => join('i', clientId, fixed(packetId)),
  will: (clientId: string): string => join('w', clientId),
  bundle: (number: number): string => join('b', fixed(number)),
  bundleCount: (number: number): string => join('c', fixed(number)),
  retained: (topic: string): string => join('r', topic),
  setAside: (key: string): string => join('x', key),
} as const;

/** The range of all keys of a space, or of those that go on from `start`. */
export function rangeOf(space: Space, ...start: readonly string[]): { gt: string; lt: string } {
  const prefix = join(space, ...start);
  // U+0001 is the next character after the delimiter. Nothing lies between the prefix and the prefix with its
  // delimiter, which is itself a key: that of the client whose id is empty.
  return { gt: prefix, lt: `${prefix}\u0001` };
}

/** The parts of a key after its space. */
export function partsOf(key: string): string[] {
  return key.split(nul).slice(1);
}

/** The first of the parts alone: a client id, or a topic. */
export function firstPartOf(key: string): string {
  const end = key.indexOf(nul, 2);
  return end < 0 ? key.slice(2) : key.slice(2, end);
}

/** Whether the first part is that text; where many keys in a row have one, it is cheaper than to take it out of each. */
export function beginsWithPart(key: string, part: string): boolean {
  return key.startsWith(part, 2) && key.charCodeAt(2 + part.length) === 0;
}

/** Whether the second part is that text, and there is no third. */
export function endsWithPart(key: string, part: string): boolean {
  return key.endsWith(part) && key.charCodeAt(key.length - part.length - 1) === 0;
}

/** What comes after the first part. */
export function secondPartOf(key: string): string {
  return key.slice(key.indexOf(nul, 2) + 1);
}

export function numberIn(part: string | undefined): number {
  return Number.parseInt(part ?? '', 36);
}

function join(space: Space, ...parts: readonly string[]): string {
  return [space, ...parts].join(nul);
}

function fixed(number: number): string {
  return number.toString(36).padStart(numberWidth, '0');
}
