import type { Message, SessionRecord, StoredRecord, SubscriptionRecord } from '@carillon/persistence';
import type { Database } from './database.ts';
import { gone, readMarks } from './delivery-marks.ts';
import { firstPartOf, numberIn, partsOf, rangeOf, type Space, secondPartOf } from './keys.ts';
import { oneByOne } from './one-by-one.ts';
import { emptySummary, type QueueIndex } from './queue-index.ts';
import { recountQueue } from './recount-queue.ts';
import { asError, type SetAside } from './set-aside.ts';
import type { StoreIndex } from './store-index.ts';
import { chunksFrom, clientsWithChunks, entriesOf } from './stored-chunks.ts';
import { messageCodec, sessionCodec, subscriptionCodec, summaryCodec, willCodec } from './values.ts';

/** Streams what the engine keeps in memory, sessions before what belongs to them; fills the index on the way. */
export function loadRecords(
  database: Database,
  index: StoreIndex,
  setAside: SetAside,
): AsyncIterable<StoredRecord> {
  return oneByOne(listsOfRecords(database, index, setAside));
}

/** As many at once as the database hands out: a promise for each of a million records would cost seconds. */
async function* listsOfRecords(
  database: Database,
  index: StoreIndex,
  setAside: SetAside,
): AsyncGenerator<StoredRecord[]> {
  const withChunks = await loadIndex(database, index, setAside);
  for await (const list of readSpace(database, 's', readSession, async (record) => {
    await setAside(record);
    // Whoever comes next under that client id must not find what belonged to it.
    index.queueOf(firstPartOf(record.key));
  })) {
    const records: StoredRecord[] = [];
    for (const [, session] of list) {
      const { clientId } = session;
      const queue = queueOfSession(index, clientId);
      if (withChunks.has(clientId) || queue.mustRecount) {
        await countQueue(database, clientId, queue, setAside);
      }
      records.push({ kind: 'session', session, queue: queue.summary });
    }
    yield records;
  }
  for await (const list of readSpace(database, 'u', readSubscription, setAside)) {
    yield list.map(([key, subscription]) => ({
      kind: 'subscription',
      clientId: firstPartOf(key),
      subscription,
    }));
  }
  for await (const key of database.keys(rangeOf('i'))) {
    const [clientId = '', packetId] = partsOf(key);
    yield [{ kind: 'inboundId', clientId, packetId: numberIn(packetId) }];
  }
  for await (const list of readSpace(database, 'w', willCodec.read, setAside)) {
    yield list.map(([key, will]) => ({ kind: 'will', clientId: firstPartOf(key), will }));
  }
  for await (const list of readSpace(database, 'r', readRetained, setAside)) {
    yield list.map(([, message]) => ({ kind: 'retained', message }));
  }
}

function readSession(value: Uint8Array, key: string): SessionRecord {
  const session = sessionCodec.read(value);
  if (session.clientId !== firstPartOf(key)) throw new Error('its client id is another one');
  return session;
}

function readSubscription(value: Uint8Array, key: string): SubscriptionRecord {
  const subscription = subscriptionCodec.read(value);
  if (subscription.filter !== secondPartOf(key)) throw new Error('its filter is another one');
  return subscription;
}

function readRetained(value: Uint8Array, key: string): Message {
  const message = messageCodec.read(value);
  if (message.topic !== firstPartOf(key)) throw new Error('its topic is another one');
  return message;
}

/** So many bytes of records come from the database at once. */
const readAhead = 262_144;

/**
 * Fills an empty index from the disk, but for which sessions there are and what their sums do not count yet. Returns
 * the client ids that have chunks.
 */
export async function loadIndex(
  database: Database,
  index: StoreIndex,
  setAside: SetAside,
): Promise<ReadonlySet<string>> {
  for await (const key of database.keys({ ...rangeOf('b'), reverse: true, limit: 1 })) {
    index.nextBundle = numberIn(partsOf(key)[0]) + 1;
  }
  for await (const list of readSpace(database, 'n', summaryCodec.read, setAside)) {
    for (const [key, { length, bytes, lastSequence, isOpen }] of list) {
      const queue = index.queueOf(firstPartOf(key));
      queue.summary = lastSequence === 0 ? emptySummary : { length, bytes, lastSequence };
      queue.uncounted = isOpen ? 0 : undefined;
    }
  }
  const read = (value: Uint8Array, key: string) => readMarks(numberIn(secondPartOf(key)), value);
  for await (const list of readSpace(database, 'f', read, async (record) => {
    await setAside(record);
    // Entries wait again that the sums do not count.
    index.queueOf(firstPartOf(record.key)).mustRecount = true;
  })) {
    for (const [key, marks] of list) {
      index.queueOf(firstPartOf(key)).setMarks(numberIn(secondPartOf(key)), marks);
    }
  }
  return clientsWithChunks(database);
}

/** There is a session to that queue. */
export function queueOfSession(index: StoreIndex, clientId: string): QueueIndex {
  const queue = index.queueOf(clientId);
  queue.hasSession = true;
  return queue;
}

/** Makes the sums of a loaded queue right; there is nothing to do for one that has no chunks and lost none. */
export async function countQueue(
  database: Database,
  clientId: string,
  queue: QueueIndex,
  setAside: SetAside,
): Promise<void> {
  if (queue.uncounted !== undefined && !queue.mustRecount) await countLast(database, clientId, queue);
  if (queue.mustRecount) await recountQueue(database, clientId, queue, setAside);
}

/** Adds what the sums do not count: the entries that came last, or all of them when there are no sums. */
async function countLast(database: Database, clientId: string, queue: QueueIndex): Promise<void> {
  let { length, bytes, lastSequence } = queue.summary;
  for await (const chunks of chunksFrom(database, clientId, lastSequence + 1)) {
    for (const chunk of chunks) {
      const entries = entriesOf(chunk);
      if (entries.length === 0) queue.mustRecount = true;
      for (const entry of entries) {
        lastSequence = entry.sequence;
        if (queue.marks.get(chunk.first)?.get(entry.sequence) === gone) continue;
        length++;
        bytes += entry.bytes;
      }
    }
  }
  queue.uncounted = length - queue.summary.length;
  queue.summary = { length, bytes, lastSequence };
}

/** The records of a space with their keys, in lists. One that cannot be read is set aside and left out. */
async function* readSpace<T>(
  database: Database,
  space: Space,
  read: (bytes: Uint8Array, key: string) => T,
  setAside: SetAside,
): AsyncGenerator<[key: string, record: T][]> {
  for await (const list of database.lists({ ...rangeOf(space), highWaterMarkBytes: readAhead })) {
    const records: [key: string, record: T][] = [];
    for (const [key, value] of list) {
      try {
        records.push([key, read(value, key)]);
      } catch (error) {
        await setAside({ key, value, error: asError(error) });
      }
    }
    yield records;
  }
}
