import type { DroppedEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { Notes } from '../broker-under-test.ts';
import { RecordingStore } from './recording-store.ts';
import { Restarts } from './restarts.ts';

const kept = { cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

test('a refused QoS 2 message is taken out of a queue that only the store has, should it be there', async () => {
  const store = new RecordingStore();
  const dropped = new Notes<DroppedEvent>();
  const house = new Restarts({}, {}, store);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 2 });
  await alice.disconnect();
  void house.broker.publish('news', 'waits', { qos: 2 });
  await house.laboratory.settle();
  await house.crashAndStart(0, { dropped: dropped.take });
  const bob = await house.connect({ clientId: 'bob', ...kept });
  store.hold();
  bob.publishOnly('news', 'refused', { qos: 2, packetId: 5 });
  await bob.settle();
  store.failOne();
  store.release();
  await bob.expect('pubrec', { packetId: 5, reasonCode: 0x80 });
  expect(dropped.all).toMatchObject([{ reason: 'store-failed', clientId: 'alice' }]);
  await house.laboratory.advance(1000);
  expect(store.batches.flat()).toContainEqual({ do: 'dequeue', clientId: 'alice', sequence: 2 });
});
