/* A folder of Aedes with anything in it: what can be read is, and what cannot is told. */
import { copyStore, memoryStore } from '@carillon/persistence';
import { Level } from 'level';
import { pack } from 'msgpackr';
import { expect, onTestFinished, test } from 'vitest';
import { aedesClientIds, aedesLevelFolder, readAedesLevel } from '../src/index.ts';
import { temporaryFolder } from './backends.ts';
import { loaded, noLimits, sequences } from './sample-records.ts';

function packet(brokerCounter: number, fields: object = {}): object {
  return {
    cmd: 'publish',
    brokerId: 'aedes',
    brokerCounter,
    topic: 'a',
    payload: Buffer.from(`message ${brokerCounter}`),
    qos: 1,
    ...fields,
  };
}

function key(counter: number): string {
  return `outgoing:alice:aedes:${String(counter).padStart(16, '0')}`;
}

/** A folder with these records. Bytes are stored as they are, everything else as MessagePack. */
async function folderWith(records: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await temporaryFolder();
  const level = new Level<string, Uint8Array>(folder, { valueEncoding: 'view' });
  for (const [at, value] of Object.entries(records)) {
    await level.put(at, value instanceof Uint8Array ? value : new Uint8Array(pack(value)));
  }
  await level.close();
  return folder;
}

const healthy = {
  'subscriptions:alice:a': { clientId: 'alice', topic: 'a', qos: 1 },
  [key(1)]: packet(1),
  [key(3)]: packet(3),
  'retained:r': packet(9, { topic: 'r', retain: true }),
  'will:alice': packet(8, { topic: 'w', clientId: 'alice' }),
};

const rubbish = new Uint8Array([0xc1, 0xff, 0x00]);
const truncated = new Uint8Array(pack(packet(2))).subarray(0, 20);

const damages: readonly [name: string, key: string, value: unknown][] = [
  ['a queued message of rubbish', key(2), rubbish],
  ['a queued message that ends early', key(2), truncated],
  ['a queued message that is a number', key(2), 5],
  ['a queued message that is a list', key(2), [packet(2)]],
  ['a queued message whose payload is none', key(2), packet(2, { payload: 7 })],
  ['a queued message of QoS 7', key(2), packet(2, { qos: 7 })],
  ['a queued message to a filter', key(2), packet(2, { topic: 'a/#' })],
  ['a queued message to no topic', key(2), packet(2, { topic: '' })],
  ['a queued message with impossible properties', key(2), packet(2, { properties: { contentType: 5 } })],
  ['a subscription of rubbish', 'subscriptions:alice:b', rubbish],
  ['a subscription to no filter', 'subscriptions:alice:b', { clientId: 'alice', topic: 'b/#/c', qos: 1 }],
  ['a subscription of QoS 3', 'subscriptions:alice:b', { clientId: 'alice', topic: 'b', qos: 3 }],
  ['a client id that cannot be decoded', 'subscriptions:%E0%A4%A:a', { topic: 'a', qos: 1 }],
  ['an empty client id', 'subscriptions::a', { clientId: '', topic: 'a', qos: 1 }],
  ['a client id as before 8.0.1', 'subscriptions:a/b:a', { clientId: 'a/b', topic: 'a', qos: 1 }],
  ['a retained message of rubbish', 'retained:s', rubbish],
  ['a retained message to a filter', 'retained:s', packet(9, { topic: '+/s', retain: true })],
  ['a Will of rubbish', 'will:bob', rubbish],
  ['a Will of nobody', 'will:bob', packet(8, { topic: 'w' })],
];

test.each(damages)('%s is told, and everything else is copied', async (_, at, value) => {
  const folder = await folderWith({ ...healthy, [at]: value });
  const told: string[] = [];
  const from = aedesLevelFolder(folder, { damaged: (error, what) => told.push(`${what}: ${error.message}`) });
  onTestFinished(() => from.close());
  await from.open();
  const to = memoryStore();
  expect(await copyStore(from, to)).toMatchObject({ records: 4, entries: 2 });
  expect(told.length).toBeGreaterThan(0);
  expect(await sequences(to, 'alice')).toEqual([1, 2]);
  const kinds = (await loaded(to)).map(({ kind }) => kind).sort();
  expect(kinds).toEqual(['retained', 'session', 'subscription', 'will']);
});

test('identifiers that MQTT does not have are none', async () => {
  const folder = await folderWith({
    ...healthy,
    [key(4)]: packet(4, { messageId: 1.5 }),
    [key(5)]: packet(5, { messageId: -1 }),
    [key(6)]: packet(6, { messageId: 70_000 }),
    'incoming:alice:0000000000000000': packet(0),
    'incoming:alice:abc': packet(0),
    'incoming:alice:0000000000070000': packet(0),
    'incoming:alice:0000000000000012': packet(0),
  });
  const store = aedesLevelFolder(folder);
  const records = await loaded(store);
  onTestFinished(() => store.close());
  expect(records.flatMap((record) => (record.kind === 'inboundId' ? [record.packetId] : []))).toEqual([12]);
  const queue = await store.readQueue('alice', 0, noLimits);
  expect(queue.map(({ packetId, state }) => `${packetId} ${state}`)).toEqual(Array(5).fill('0 queued'));
});

test('a damaged format record is a clear failure', async () => {
  const folder = await folderWith({ ...healthy, 'incoming:%24carillon%00:0000000000065536': rubbish });
  const store = aedesLevelFolder(folder);
  onTestFinished(() => store.close());
  await expect(loaded(store)).rejects.toMatchObject({ name: 'StoreError' });
});

test('numbers without leading zeros, as before version 8.0.1, are sorted as numbers', async () => {
  const counters = [1, 2, 9, 10, 11, 100];
  const records = counters.map((counter) => [`outgoing:alice:aedes:${counter}`, packet(counter)]);
  const folder = await folderWith(Object.fromEntries(records));
  const store = aedesLevelFolder(folder);
  await loaded(store);
  onTestFinished(() => store.close());
  const queue = await store.readQueue('alice', 0, noLimits);
  const texts = queue.map(({ message }) => new TextDecoder().decode(message.payload));
  expect(texts).toEqual(counters.map((counter) => `message ${counter}`));
});

test('a database that nobody of Aedes wrote to is read as empty', async () => {
  const level = new Level<string, Uint8Array>(await temporaryFolder(), { valueEncoding: 'view' });
  onTestFinished(() => level.close());
  await level.put('something else', rubbish);
  for await (const record of readAedesLevel(level)) expect(record).toBeUndefined();
  for await (const clientId of aedesClientIds(level)) expect(clientId).toBeUndefined();
});
