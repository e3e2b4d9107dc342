import type { Message, QueueEntry, Store, StoredRecord, StoreOperation } from '@carillon/persistence';
import { Level } from 'level';

/** Opens the database beneath a closed store, lets `work` look or meddle, and closes it. */
export async function beneath<T>(
  location: string,
  work: (database: Level<string, Uint8Array>) => Promise<T>,
): Promise<T> {
  const database = new Level<string, Uint8Array>(location, { valueEncoding: 'view' });
  await database.open();
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** The keys of one of the spaces that `keys.ts` draws. */
export function keysOf(location: string, space: string): Promise<string[]> {
  return beneath(location, (database) => database.keys({ gt: space, lt: `${space}\u0001` }).all());
}

/** Opens the store and says what it holds. */
export async function loaded(store: Store): Promise<StoredRecord[]> {
  await store.open();
  const records: StoredRecord[] = [];
  for await (const record of store.load()) records.push(record);
  return records;
}

export async function sequencesOf(store: Store, clientId: string, entries = 1000): Promise<number[]> {
  const page = await store.readQueue(clientId, 0, { entries, bytes: Number.MAX_SAFE_INTEGER });
  return page.map(({ sequence }) => sequence);
}

export function putSession(clientId: string): StoreOperation {
  return {
    do: 'putSession',
    session: {
      clientId,
      protocolVersion: 5,
      sessionExpiryInterval: 3600,
      createdAt: 1000,
      disconnectedAt: 2000,
      identity: undefined,
      groups: [],
      mountPoint: '',
    },
  };
}

export function messageOn(topic: string): Message {
  return {
    topic,
    payload: Buffer.from(`to ${topic}`),
    qos: 1,
    retain: false,
    properties: {},
    origin: 'client',
    publisherId: 'publisher',
    receivedAt: 1000,
    expiresAt: undefined,
  };
}

export function enqueue(clientId: string, sequence: number, message = messageOn('t')): StoreOperation {
  const entry: QueueEntry = {
    sequence,
    message,
    qos: 1,
    retain: false,
    subscriptionIdentifiers: [],
    share: undefined,
    packetId: 0,
    state: 'queued',
  };
  return { do: 'enqueue', clientId, entry };
}

export function dequeue(clientId: string, sequence: number): StoreOperation {
  return { do: 'dequeue', clientId, sequence };
}
