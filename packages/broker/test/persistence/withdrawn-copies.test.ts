import type { DroppedEvent, PluginHooks } from '@carillon/hooks';
import { describe, expect, test } from 'vitest';
import { Notes, promiseByHand } from '../broker-under-test.ts';
import { RecordingStore } from './recording-store.ts';
import { Restarts } from './restarts.ts';

const kept = { cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

/** Alice is away, one message waits for her since before the last restart, and Bob is there. */
async function aliceIsAway(hooks: PluginHooks = {}) {
  const store = new RecordingStore();
  const house = new Restarts({}, {}, store);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 2 });
  await alice.disconnect();
  void house.broker.publish('news', 'waits', { qos: 2 });
  await house.laboratory.settle();
  await house.crashAndStart(0, hooks);
  return { store, house, bob: await house.connect({ clientId: 'bob', ...kept }) };
}

describe('a refused QoS 2 message that the store has all the same', () => {
  test('is taken out of a queue that only the store has', async () => {
    const dropped = new Notes<DroppedEvent>();
    const { house, store, bob } = await aliceIsAway({ dropped: dropped.take });
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

  // Found by seed 10901 of test/crash: the page was asked for in the same turn.
  test('does not come with the page that waited for its batch', async () => {
    const { house, store, bob } = await aliceIsAway();
    const gate = promiseByHand<void>();
    store.delayReadsUntil(gate.promise);
    const alice = await house.resume('alice');
    store.hold();
    bob.publishOnly('unread', '', { qos: 2, packetId: 4 });
    await bob.settle();
    expect(store.isCommitting).toBe(true);
    bob.publishOnly('news', 'refused', { qos: 2, packetId: 5 });
    await bob.settle();
    gate.resolve();
    await alice.settle();
    store.letOneGo();
    await alice.settle();
    store.keepAndFailOne();
    store.release();
    await bob.take('pubrec', { packetId: 5, reasonCode: 0x80 });
    // The store is asked again.
    await house.laboratory.advance(100);
    await alice.expect('publish', { payload: bytesOf('waits') });
    await alice.expectNothing();
    expect(house.broker.session('alice')).toMatchObject({ queued: 0, inflight: 1 });
  });

  test('does not come with a page that was asked for before, and read before it was taken out', async () => {
    const { house, store, bob } = await aliceIsAway();
    const gate = promiseByHand<void>();
    store.putReadsOffUntil(gate.promise);
    const alice = await house.resume('alice');
    store.hold();
    bob.publishOnly('news', 'refused', { qos: 2, packetId: 5 });
    await bob.settle();
    store.keepAndFailOne();
    await bob.expect('pubrec', { packetId: 5, reasonCode: 0x80 });
    gate.resolve();
    await alice.settle();
    store.release();
    await alice.expect('publish', { payload: bytesOf('waits') });
    await alice.expectNothing();
    await house.laboratory.advance(1000);
    expect(house.broker.session('alice')).toMatchObject({ queued: 0, inflight: 1 });
  });
});

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
