import type { Message, PageLimits, QueueEntry } from '@carillon/persistence';
import type { Database } from './database.ts';
import { keyOf, numberIn, partsOf, rangeOf } from './keys.ts';
import type { DamagedRecord } from './level-store.ts';
import type { EntryFacts } from './store-index.ts';
import { deliveryCodec, entryCodec, messageCodec, type StoredDelivery, type StoredEntry } from './values.ts';

type SetAside = (record: DamagedRecord & { readonly value: Uint8Array }) => Promise<void>;

export interface ReadEntry {
  readonly entry: QueueEntry;
  readonly facts: EntryFacts;
}

interface Found {
  readonly sequence: number;
  readonly stored: StoredEntry;
}

/** One page of a session's queue. Empty only at its end: what is damaged is stepped over. */
export async function readPage(
  database: Database,
  clientId: string,
  after: number,
  limits: PageLimits,
  setAside: SetAside,
): Promise<ReadEntry[]> {
  for (let from = after; ; ) {
    const { found, scanned } = await findEntries(database, clientId, from, limits, setAside);
    if (scanned === undefined) return [];
    const page = await joinEntries(database, clientId, found, setAside);
    if (page.length > 0) return page;
    from = scanned;
  }
}

/** Adds bodies and delivery states to the entries. */
async function joinEntries(
  database: Database,
  clientId: string,
  found: readonly Found[],
  setAside: SetAside,
): Promise<ReadEntry[]> {
  const first = found[0];
  const last = found.at(-1);
  if (first === undefined || last === undefined) return [];
  const deliveries = await readDeliveries(database, clientId, first.sequence - 1, last.sequence);
  const bodies = await readBodies(database, found, setAside);
  const page: ReadEntry[] = [];
  for (const { sequence, stored } of found) {
    const { content, bytes, entry } = stored;
    const body = typeof content === 'number' ? content : undefined;
    const message = typeof content === 'number' ? bodies.get(content) : content;
    if (message === undefined) continue;
    const { packetId = 0, state = 'queued' } = deliveries.get(sequence) ?? {};
    page.push({ entry: { ...entry, sequence, message, packetId, state }, facts: { bytes, body } });
  }
  return page;
}

async function findEntries(
  database: Database,
  clientId: string,
  after: number,
  limits: PageLimits,
  setAside: SetAside,
): Promise<{ found: Found[]; scanned: number | undefined }> {
  const found: Found[] = [];
  /** The last number that was looked at. */
  let scanned: number | undefined;
  let bytes = 0;
  const range = { gt: keyOf.queueEntry(clientId, after), lt: rangeOf('q', clientId).lt };
  for await (const [key, value] of database.entries({ ...range, limit: limits.entries })) {
    const sequence = numberIn(partsOf(key)[1]);
    try {
      const stored = entryCodec.read(value);
      bytes += stored.bytes;
      if (found.length > 0 && bytes > limits.bytes) break;
      found.push({ sequence, stored });
    } catch (error) {
      await setAside({ key, value, error: error instanceof Error ? error : new Error(String(error)) });
    }
    scanned = sequence;
  }
  return { found, scanned };
}

async function readDeliveries(
  database: Database,
  clientId: string,
  after: number,
  last: number,
): Promise<Map<number, StoredDelivery>> {
  const deliveries = new Map<number, StoredDelivery>();
  const range = { gt: keyOf.delivery(clientId, after), lt: keyOf.delivery(clientId, last + 1) };
  for await (const [key, value] of database.entries(range)) {
    deliveries.set(numberIn(partsOf(key)[1]), deliveryCodec.read(value));
  }
  return deliveries;
}

async function readBodies(
  database: Database,
  found: readonly Found[],
  setAside: SetAside,
): Promise<Map<number, Message>> {
  const bodies = new Map<number, Message>();
  const numbers = new Set<number>();
  for (const { stored } of found) {
    if (typeof stored.content === 'number') numbers.add(stored.content);
  }
  if (numbers.size === 0) return bodies;
  const keys = Array.from(numbers, keyOf.body);
  const values = await database.getMany(keys);
  for (const [i, number] of [...numbers].entries()) {
    const value = values[i];
    if (value === undefined) continue;
    try {
      bodies.set(number, messageCodec.read(value));
    } catch (error) {
      const key = keys[i] ?? '';
      await setAside({ key, value, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  return bodies;
}
