import { expect, test } from 'vitest';
import { RecordingStore } from './recording-store.ts';
import { Restarts } from './restarts.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };
const most = 50;

/** Bob, in a house whose store does not get done with a batch of his. */
async function busyHouse() {
  const store = new RecordingStore();
  const house = new Restarts({ limits: { maximumWaitingChanges: most, connectTimeout: 1000 } }, {}, store);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 1 });
  await alice.drop();
  const bob = await house.connect({ clientId: 'bob', ...kept });
  store.hold();
  bob.publishOnly('news', 'first', { qos: 1 });
  await bob.settle();
  return { house, store, bob };
}

/** The size of the batch that gathered while the store was busy. */
async function nextBatch(store: RecordingStore, settle: () => Promise<void>): Promise<number> {
  const before = store.batches.length;
  store.letOneGo();
  await settle();
  expect(store.batches).toHaveLength(before + 1);
  return store.batches.at(-1)?.length ?? 0;
}

test('messages that come while the store is busy gather up to the limit, and all of them are answered', async () => {
  const { house, store, bob } = await busyHouse();
  for (let n = 0; n < 200; n++) bob.publishOnly('news', `${n}`, { qos: 1, packetId: 100 + n });
  await bob.settle();
  await bob.ping();
  expect(await nextBatch(store, () => bob.settle())).toBeLessThanOrEqual(most);
  store.release();
  const packets = await bob.receiveAll();
  expect(packets.filter(({ type }) => type === 'puback')).toHaveLength(201);
  expect(house.broker.session('alice')).toMatchObject({ queued: 201 });
});

test('clients that come and go while the store is busy for hours do not pile up', async () => {
  const { house, store } = await busyHouse();
  for (let hour = 0; hour < 10; hour++) {
    for (let n = 0; n < 20; n++) house.arrive().send({ type: 'connect', clientId: `c${hour}-${n}`, ...kept });
    await house.laboratory.advance(3_600_000);
  }
  expect(await nextBatch(store, () => house.laboratory.settle())).toBeLessThanOrEqual(2 * most);
  store.release();
  await house.laboratory.settle();
  expect((await house.connect({ clientId: 'late', ...kept })).connack.reasonCode).toBe(0);
});

test('subscriptions that are asked for without end wait, too', async () => {
  const { store, bob } = await busyHouse();
  for (let n = 1; n <= 200; n++) bob.send({ type: 'subscribe', packetId: n, subscriptions: [`s/${n % 3}`] });
  await bob.settle();
  expect(await nextBatch(store, () => bob.settle())).toBeLessThanOrEqual(most);
  store.release();
  expect((await bob.receiveAll()).filter(({ type }) => type === 'suback')).toHaveLength(200);
});
