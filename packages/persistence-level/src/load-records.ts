import type { Message, SessionRecord, StoredRecord, SubscriptionRecord } from '@carillon/persistence';
import type { Database } from './database.ts';
import { gone, readMarks } from './delivery-marks.ts';
import { numberIn, partsOf, rangeOf, type Space } from './keys.ts';
import type { QueueIndex } from './queue-index.ts';
import { recountQueue } from './recount-queue.ts';
import { asError, type SetAside } from './set-aside.ts';
import type { StoreIndex } from './store-index.ts';
import { chunksFrom, entriesOf } from './stored-chunks.ts';
import { messageCodec, sessionCodec, subscriptionCodec, summaryCodec, willCodec } from './values.ts';

/** Streams what the engine keeps in memory, sessions before what belongs to them; fills the index on the way. */
export async function* loadRecords(
  database: Database,
  index: StoreIndex,
  setAside: SetAside,
): AsyncGenerator<StoredRecord> {
  await loadIndex(database, index, setAside);
  for await (const [, session] of readSpace(database, 's', readSession, async (record) => {
    await setAside(record);
    // Whoever comes next under that client id must not find what belonged to it.
    index.queueOf(partsOf(record.key)[0] ?? '');
  })) {
    const { summary } = await loadQueue(database, index, session.clientId, setAside);
    yield { kind: 'session', session, queue: summary };
  }
  for await (const [[clientId = ''], subscription] of readSpace(database, 'u', readSubscription, setAside)) {
    yield { kind: 'subscription', clientId, subscription };
  }
  for await (const key of database.keys(rangeOf('i'))) {
    const [clientId = '', packetId] = partsOf(key);
    yield { kind: 'inboundId', clientId, packetId: numberIn(packetId) };
  }
  for await (const [[clientId = ''], will] of readSpace(database, 'w', willCodec.read, setAside)) {
    yield { kind: 'will', clientId, will };
  }
  for await (const [, message] of readSpace(database, 'r', readRetained, setAside)) {
    yield { kind: 'retained', message };
  }
}

function readSession(value: Uint8Array, [clientId]: readonly string[]): SessionRecord {
  const session = sessionCodec.read(value);
  if (session.clientId !== clientId) throw new Error('its client id is another one');
  return session;
}

function readSubscription(value: Uint8Array, [, filter]: readonly string[]): SubscriptionRecord {
  const subscription = subscriptionCodec.read(value);
  if (subscription.filter !== filter) throw new Error('its filter is another one');
  return subscription;
}

function readRetained(value: Uint8Array, [topic]: readonly string[]): Message {
  const message = messageCodec.read(value);
  if (message.topic !== topic) throw new Error('its topic is another one');
  return message;
}

/** So many bytes of records come from the database at once. */
const readAhead = 262_144;

/** Fills an empty index from the disk, but for which sessions there are and what their sums do not count yet. */
export async function loadIndex(database: Database, index: StoreIndex, setAside: SetAside): Promise<void> {
  for await (const key of database.keys({ ...rangeOf('b'), reverse: true, limit: 1 })) {
    index.nextBundle = numberIn(partsOf(key)[0]) + 1;
  }
  for await (const [[clientId = ''], stored] of readSpace(database, 'n', summaryCodec.read, setAside)) {
    const { isOpen, ...summary } = stored;
    const queue = index.queueOf(clientId);
    queue.summary = summary;
    queue.uncounted = isOpen ? 0 : undefined;
  }
  const read = (value: Uint8Array, [, first]: readonly string[]) => readMarks(numberIn(first), value);
  for await (const [[clientId = '', first], marks] of readSpace(database, 'f', read, async (record) => {
    await setAside(record);
    // Entries wait again that the sums do not count.
    index.queueOf(partsOf(record.key)[0] ?? '').mustRecount = true;
  })) {
    index.queueOf(clientId).marks.set(numberIn(first), marks);
  }
}

/** There is a session to that queue. */
export async function loadQueue(
  database: Database,
  index: StoreIndex,
  clientId: string,
  setAside: SetAside,
): Promise<QueueIndex> {
  const queue = index.queueOf(clientId);
  queue.hasSession = true;
  if (queue.uncounted !== undefined && !queue.mustRecount) await countLast(database, clientId, queue);
  if (queue.mustRecount) await recountQueue(database, clientId, queue, setAside);
  return queue;
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

/** The records of a space with the parts of their keys. One that cannot be read is set aside and left out. */
async function* readSpace<T>(
  database: Database,
  space: Space,
  read: (bytes: Uint8Array, parts: readonly string[]) => T,
  setAside: SetAside,
): AsyncGenerator<[parts: string[], record: T]> {
  for await (const list of database.lists({ ...rangeOf(space), highWaterMarkBytes: readAhead })) {
    for (const [key, value] of list) {
      const parts = partsOf(key);
      let record: T;
      try {
        record = read(value, parts);
      } catch (error) {
        await setAside({ key, value, error: asError(error) });
        continue;
      }
      yield [parts, record];
    }
  }
}
