import { expect, test } from 'vitest';
import {
  type CopyProgress,
  copyStore,
  type Message,
  memoryStore,
  type Store,
  type StoredRecord,
  type StoreOperation,
} from '../src/index.ts';

function message(text: string, receivedAt = 1_000, differing: Partial<Message> = {}): Message {
  return {
    topic: 'rooms/12',
    payload: Buffer.from(text),
    qos: 1,
    retain: false,
    properties: {},
    origin: 'client',
    publisherId: 'sensor',
    receivedAt,
    expiresAt: undefined,
    ...differing,
  };
}

function session(clientId: string): StoreOperation {
  const record = {
    sessionExpiryInterval: 60,
    createdAt: 1,
    disconnectedAt: 2,
    identity: 'id',
    groups: ['g'],
    mountPoint: '',
  };
  return { do: 'putSession', session: { clientId, protocolVersion: 5, ...record } };
}

function enqueue(
  clientId: string,
  sequence: number,
  content: Message,
  packetId = 0,
): Extract<StoreOperation, { do: 'enqueue' }> {
  const state = packetId === 0 ? 'queued' : 'sent';
  const rest = { qos: 1, retain: false, subscriptionIdentifiers: [7], share: undefined } as const;
  return { do: 'enqueue', clientId, entry: { sequence, message: content, packetId, state, ...rest } };
}

async function filled(...operations: StoreOperation[]): Promise<Store> {
  const store = memoryStore();
  await store.commit(operations, 'memory');
  return store;
}

async function contentsOf(store: Store) {
  const records: StoredRecord[] = [];
  const queues: unknown[] = [];
  for await (const record of store.load()) {
    records.push(record);
    if (record.kind !== 'session') continue;
    const { clientId } = record.session;
    queues.push(await store.readQueue(clientId, 0, { entries: 100_000, bytes: 1e9 }));
  }
  return { records, queues };
}

/** A memory store that remembers its batches. */
function watchedStore(): { store: Store; batches: (readonly StoreOperation[])[] } {
  const batches: (readonly StoreOperation[])[] = [];
  const store = memoryStore();
  const { commit } = store;
  store.commit = (batch, durability) => {
    batches.push(batch);
    return commit.call(store, batch, durability);
  };
  return { store, batches };
}

test('a copy has everything, delivery states and numbers too', async () => {
  const from = await filled(
    session('a'),
    session('ab'),
    {
      do: 'putSubscription',
      clientId: 'ab',
      subscription: {
        filter: '$share/g/rooms/#',
        topicFilter: 'rooms/#',
        shareName: 'g',
        qos: 2,
        noLocal: false,
        retainAsPublished: true,
        retainHandling: 1,
        subscriptionIdentifier: 7,
      },
    },
    { do: 'putInboundId', clientId: 'a', packetId: 9 },
    {
      do: 'putWill',
      clientId: 'a',
      will: { message: message('will'), delayInterval: 5, dueAt: 77 },
    },
    { do: 'putRetained', message: message('last', 5, { retain: true, expiresAt: 99_999 }) },
    enqueue('a', 3, message('one'), 12),
    enqueue('a', 8, message('two')),
    enqueue('ab', 1, message('three')),
  );
  const to = memoryStore();
  expect(await copyStore(from, to)).toEqual({ records: 6, entries: 3, expectedEntries: 3 });
  expect(await contentsOf(to)).toEqual(await contentsOf(from));
});

test('a message that waits in several sessions is one message again, in one batch', async () => {
  const sharedByAll = [message('x', 10), message('y', 10), message('z', 11)];
  const clientIds = ['a', 'b', 'c'];
  // Copies, as a store on a disk reads them.
  const from = await filled(
    ...clientIds.map(session),
    ...clientIds.flatMap((clientId, place) => [
      enqueue(clientId, 1, message(`only for ${clientId}`, 5 + place)),
      ...sharedByAll.map((shared, number) => enqueue(clientId, number + 2, { ...shared })),
    ]),
  );
  const { store: to, batches } = watchedStore();
  await copyStore(from, to);
  const enqueued = batches.flat().filter((operation) => operation.do === 'enqueue');
  expect(enqueued).toHaveLength(12);
  expect(new Set(enqueued.map(({ entry }) => entry.message)).size).toBe(6);
  expect(await contentsOf(to)).toEqual(await contentsOf(from));
});

test('messages that differ in anything stay apart', async () => {
  const alike: Message[] = [
    message('same'),
    message('sane'),
    message('same', 1_001),
    message('same', 1_000, { qos: 2 }),
    message('same', 1_000, { publisherId: 'other' }),
    message('same', 1_000, { properties: { contentType: 'text/plain' } }),
    message('same', 1_000, { properties: { correlationData: Buffer.from('1') } }),
    message('same', 1_000, { properties: { userProperties: [['a', 'b']] } }),
  ];
  const from = await filled(
    ...alike.map((_, place) => session(`s${place}`)),
    ...alike.map((content, place) => enqueue(`s${place}`, 1, content)),
  );
  const { store: to, batches } = watchedStore();
  await copyStore(from, to);
  const enqueued = batches.flat().filter((operation) => operation.do === 'enqueue');
  expect(new Set(enqueued.map(({ entry }) => entry.message)).size).toBe(alike.length);
  expect(await contentsOf(to)).toEqual(await contentsOf(from));
});

test.each([1, 2, 100])('queues of many pages keep their order, %i read together', async (queuesTogether) => {
  const clientIds = ['a', 'b', 'c'];
  const from = await filled(
    ...clientIds.map(session),
    ...Array.from({ length: 2_500 }, (_, place) =>
      enqueue(clientIds[place % 7 === 0 ? 0 : place % 3] ?? 'a', place + 1, message(`${place}`, place % 50)),
    ),
  );
  const to = memoryStore();
  const told: CopyProgress[] = [];
  const done = await copyStore(from, to, { queuesTogether, progress: (progress) => told.push(progress) });
  expect(done).toEqual({ records: 3, entries: 2_500, expectedEntries: 2_500 });
  expect(told.length).toBeGreaterThan(2);
  expect(told.at(-1)).toEqual(done);
  expect(await contentsOf(to)).toEqual(await contentsOf(from));
});

test('a store with anything in it is not filled', async () => {
  const from = await filled(session('a'));
  const to = await filled({ do: 'putRetained', message: message('there') });
  await expect(copyStore(from, to)).rejects.toMatchObject({
    code: 'STORE_NOT_EMPTY',
    message: expect.stringContaining('memory is not empty'),
  });
  expect((await contentsOf(to)).records).toHaveLength(1);
});

test('a store that fails ends the copy with its error', async () => {
  const from = await filled(session('a'));
  const to = memoryStore();
  to.commit = () => Promise.reject(new Error('the disk is gone'));
  await expect(copyStore(from, to)).rejects.toThrow('the disk is gone');
});
