import type { QueueSummary, StoredRecord } from '@carillon/persistence';
import type { Database } from './database.ts';
import { factsIn } from './gather.ts';
import { numberIn, partsOf, rangeOf, type Space } from './keys.ts';
import type { DamagedRecord } from './level-store.ts';
import { emptySummary, type StoreIndex } from './store-index.ts';
import { messageCodec, sessionCodec, subscriptionCodec, summaryCodec, willCodec } from './values.ts';

type SetAside = (record: DamagedRecord & { readonly value: Uint8Array }) => Promise<void>;

/** Streams what the engine keeps in memory, sessions before what belongs to them; fills the index on the way. */
export async function* loadRecords(
  database: Database,
  index: StoreIndex,
  setAside: SetAside,
): AsyncGenerator<StoredRecord> {
  for await (const key of database.keys({ ...rangeOf('b'), reverse: true, limit: 1 })) {
    index.nextBody = numberIn(partsOf(key)[0]) + 1;
  }
  for await (const [clientId, summary] of readSpace(database, 'n', summaryCodec.read, setAside)) {
    if (clientId[0] !== undefined) index.summaries.set(clientId[0], summary);
  }
  for await (const [, session] of readSpace(database, 's', sessionCodec.read, setAside)) {
    const queue = index.summaries.get(session.clientId) ?? (await sumUp(database, session.clientId));
    index.summaries.set(session.clientId, queue);
    yield { kind: 'session', session, queue };
  }
  for await (const [[clientId = ''], subscription] of readSpace(
    database,
    'u',
    subscriptionCodec.read,
    setAside,
  )) {
    yield { kind: 'subscription', clientId, subscription };
  }
  for await (const key of database.keys(rangeOf('i'))) {
    const [clientId = '', packetId] = partsOf(key);
    yield { kind: 'inboundId', clientId, packetId: numberIn(packetId) };
  }
  for await (const [[clientId = ''], will] of readSpace(database, 'w', willCodec.read, setAside)) {
    yield { kind: 'will', clientId, will };
  }
  for await (const [, message] of readSpace(database, 'r', messageCodec.read, setAside)) {
    yield { kind: 'retained', message };
  }
}

/** Counts a queue whose sum was damaged, so that its entries are delivered and its numbers go on. */
async function sumUp(database: Database, clientId: string): Promise<QueueSummary> {
  let { length, bytes, lastSequence } = emptySummary;
  for await (const [key, value] of database.entries(rangeOf('q', clientId))) {
    lastSequence = numberIn(partsOf(key)[1]);
    length++;
    bytes += factsIn(value)?.bytes ?? 0;
  }
  return { length, bytes, lastSequence };
}

/** The records of a space with the parts of their keys. One that cannot be read is set aside and left out. */
async function* readSpace<T>(
  database: Database,
  space: Space,
  read: (bytes: Uint8Array) => T,
  setAside: SetAside,
): AsyncGenerator<[parts: string[], record: T]> {
  for await (const [key, value] of database.entries(rangeOf(space))) {
    let record: T;
    try {
      record = read(value);
    } catch (error) {
      await setAside({ key, value, error: error instanceof Error ? error : new Error(String(error)) });
      continue;
    }
    yield [partsOf(key), record];
  }
}
