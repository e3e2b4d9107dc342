import type { StoreOperation } from '@carillon/persistence';
import type { Database } from './database.ts';
import { keyOf, rangeOf, sessionRecords, sessionSpaces } from './keys.ts';
import type { EntryFacts, StoreIndex } from './store-index.ts';
import { entryCodec, numberCodec } from './values.ts';

/** What a batch needs to know from the disk because the index has forgotten it. */
export interface Gathered {
  readonly entries: ReadonlyMap<string, EntryFacts>;
  /** By the key of the count. */
  readonly counts: ReadonlyMap<string, number>;
  /** All keys of the sessions that are to be deleted. */
  readonly sessionKeys: ReadonlyMap<string, readonly string[]>;
}

const nothing: Gathered = Object.freeze({ entries: new Map(), counts: new Map(), sessionKeys: new Map() });

/** Reads what the batch needs, in a few calls for all of it; usually there is nothing to read. */
export async function gather(
  database: Database,
  index: StoreIndex,
  operations: readonly StoreOperation[],
): Promise<Gathered> {
  const needs = needsOf(operations, index);
  if (needs.entryKeys.length === 0 && needs.clientIds.length === 0 && needs.countKeys.length === 0) {
    return nothing;
  }
  const entries = new Map<string, EntryFacts>();
  const sessionKeys = new Map<string, readonly string[]>();
  await readEntries(database, needs.entryKeys, entries);
  for (const clientId of needs.clientIds) {
    sessionKeys.set(clientId, await readSession(database, clientId, entries));
  }
  const countKeys = [...needs.countKeys];
  for (const { body } of entries.values()) {
    if (body === undefined) continue;
    const key = keyOf.bodyCount(body);
    if (index.counts.get(key) === undefined) countKeys.push(key);
  }
  return { entries, counts: await readCounts(database, countKeys), sessionKeys };
}

function needsOf(operations: readonly StoreOperation[], index: StoreIndex) {
  const entryKeys: string[] = [];
  const countKeys: string[] = [];
  const clientIds: string[] = [];
  for (const operation of operations) {
    if (operation.do === 'deleteSession' && index.summaries.has(operation.clientId)) {
      clientIds.push(operation.clientId);
    }
    const key = storedEntryKey(operation, index);
    if (key === undefined) continue;
    const known = index.entries.get(key);
    if (known === undefined) entryKeys.push(key);
    else if (known.body !== undefined) {
      const countKey = keyOf.bodyCount(known.body);
      if (index.counts.get(countKey) === undefined) countKeys.push(countKey);
    }
  }
  return { entryKeys, countKeys, clientIds };
}

/** The key of the entry that the operation changes, if the database may have it. Most are enqueued for the first time. */
function storedEntryKey(operation: StoreOperation, index: StoreIndex): string | undefined {
  if (operation.do !== 'enqueue' && operation.do !== 'dequeue' && operation.do !== 'markSent')
    return undefined;
  const { clientId } = operation;
  const sequence = operation.do === 'enqueue' ? operation.entry.sequence : operation.sequence;
  const last = index.summaries.get(clientId)?.lastSequence ?? 0;
  return sequence <= last ? keyOf.queueEntry(clientId, sequence) : undefined;
}

async function readEntries(database: Database, keys: string[], into: Map<string, EntryFacts>): Promise<void> {
  if (keys.length === 0) return;
  const values = await database.getMany(keys);
  for (const [i, key] of keys.entries()) {
    const facts = factsIn(values[i]);
    if (facts !== undefined) into.set(key, facts);
  }
}

/** Every key of the session; what its queue entries refer to is noted in `entries`. */
async function readSession(
  database: Database,
  clientId: string,
  entries: Map<string, EntryFacts>,
): Promise<string[]> {
  const keys: string[] = sessionRecords.map((space) => `${space}\0${clientId}`);
  for (const space of sessionSpaces) {
    if (space !== 'q') {
      for await (const key of database.keys(rangeOf(space, clientId))) keys.push(key);
      continue;
    }
    for await (const [key, value] of database.entries(rangeOf(space, clientId))) {
      keys.push(key);
      const facts = factsIn(value);
      if (facts !== undefined) entries.set(key, facts);
    }
  }
  return keys;
}

async function readCounts(database: Database, keys: string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  if (keys.length === 0) return counts;
  const values = await database.getMany(keys);
  for (const [i, key] of keys.entries()) {
    const value = values[i];
    if (value !== undefined) counts.set(key, numberCodec.read(value));
  }
  return counts;
}

/** A damaged entry counts for nothing; `check` finds what it may have left behind. */
export function factsIn(value: Uint8Array | undefined): EntryFacts | undefined {
  if (value === undefined) return undefined;
  try {
    const { bytes, content } = entryCodec.read(value);
    return { bytes, body: typeof content === 'number' ? content : undefined };
  } catch {
    return undefined;
  }
}
