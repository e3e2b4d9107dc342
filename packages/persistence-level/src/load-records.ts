import { asError } from '@carillon/hooks/checks';
import type { SessionRecord, StoredRecord } from '@carillon/persistence';
import { type Copies, SlabOfCopies } from './copies.ts';
import type { Database } from './database.ts';
import { gone, type Marks, readMarks } from './delivery-marks.ts';
import {
  beginsWithPart,
  endsWithPart,
  firstPartOf,
  numberIn,
  partsOf,
  rangeOf,
  type Space,
  secondPartOf,
} from './keys.ts';
import { oneByOne } from './one-by-one.ts';
import { emptySummary, type QueueIndex } from './queue-index.ts';
import { recountQueue } from './recount-queue.ts';
import type { SetAside } from './set-aside.ts';
import type { StoreIndex } from './store-index.ts';
import { chunksFrom, clientsWithChunks, entriesOf } from './stored-chunks.ts';
import {
  messageCodec,
  type StoredSummary,
  sessionCodec,
  subscriptionCodec,
  summaryCodec,
  willCodec,
} from './values.ts';

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
    for (const session of list) {
      const { clientId } = session;
      const queue = queueOfSession(index, clientId);
      if (withChunks.has(clientId) || queue.mustRecount) {
        await countQueue(database, clientId, queue, setAside);
      }
      records.push({ kind: 'session', session, queue: queue.summary });
    }
    yield records;
  }
  yield* readSpace(database, 'u', subscriptionReader(), setAside);
  for await (const key of database.keys(rangeOf('i'))) {
    const [clientId = '', packetId] = partsOf(key);
    yield [{ kind: 'inboundId', clientId, packetId: numberIn(packetId) }];
  }
  yield* readSpace(database, 'w', readWill, setAside);
  const copies = new SlabOfCopies();
  yield* readSpace(database, 'r', (value, key) => readRetained(value, key, copies), setAside);
}

function readSession(value: Uint8Array, key: string): SessionRecord {
  const session = sessionCodec.read(value);
  if (session.clientId !== firstPartOf(key)) throw new Error('its client id is another one');
  return session;
}

/** The subscriptions of one client follow on each other: its id is one string for all of them. */
function subscriptionReader(): (value: Uint8Array, key: string) => StoredRecord {
  let clientId = '';
  return (value, key) => {
    const subscription = subscriptionCodec.read(value);
    if (!endsWithPart(key, subscription.filter)) throw new Error('its filter is another one');
    if (!beginsWithPart(key, clientId)) clientId = firstPartOf(key);
    return { kind: 'subscription', clientId, subscription };
  };
}

function readWill(value: Uint8Array, key: string): StoredRecord {
  return { kind: 'will', clientId: firstPartOf(key), will: willCodec.read(value) };
}

function readRetained(value: Uint8Array, key: string, copies: Copies): StoredRecord {
  const message = messageCodec.read(value, copies);
  if (message.topic !== firstPartOf(key)) throw new Error('its topic is another one');
  return { kind: 'retained', message };
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
  for await (const list of readSpace(database, 'n', readSummary, setAside)) {
    for (const { clientId, length, bytes, lastSequence, isOpen } of list) {
      const queue = index.queueOf(clientId);
      queue.summary = lastSequence === 0 ? emptySummary : { length, bytes, lastSequence };
      queue.uncounted = isOpen ? 0 : undefined;
    }
  }
  for await (const list of readSpace(database, 'f', readMarksOfChunk, async (record) => {
    await setAside(record);
    // Entries wait again that the sums do not count.
    index.queueOf(firstPartOf(record.key)).mustRecount = true;
  })) {
    for (const { clientId, first, marks } of list) index.queueOf(clientId).setMarks(first, marks);
  }
  return clientsWithChunks(database);
}

function readSummary(value: Uint8Array, key: string): StoredSummary & { readonly clientId: string } {
  return { clientId: firstPartOf(key), ...summaryCodec.read(value) };
}

function readMarksOfChunk(value: Uint8Array, key: string): { clientId: string; first: number; marks: Marks } {
  const first = numberIn(secondPartOf(key));
  return { clientId: firstPartOf(key), first, marks: readMarks(first, value) };
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

/** The records of a space as `read` has them, in lists. One that cannot be read is set aside and left out. */
async function* readSpace<T>(
  database: Database,
  space: Space,
  read: (bytes: Uint8Array, key: string) => T,
  setAside: SetAside,
): AsyncGenerator<T[]> {
  for await (const list of database.lists({ ...rangeOf(space), highWaterMarkBytes: readAhead })) {
    const records: T[] = [];
    for (const [key, value] of list) {
      try {
        records.push(read(value, key));
      } catch (error) {
        await setAside({ key, value, error: asError(error) });
      }
    }
    yield records;
  }
}
