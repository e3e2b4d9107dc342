import { expect, test } from 'vitest';
import { RecordingStore } from './recording-store.ts';
import { Restarts } from './restarts.ts';

const kept = { cleanStart: false, properties: { sessionExpiryInterval: 3600 } };

/** Alice, who subscribed to `news`, and Bob, who publishes; the store has both sessions. */
async function aliceAndBob() {
  const store = new RecordingStore();
  const house = new Restarts({}, {}, store);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 2 });
  const bob = await house.connect({ clientId: 'bob', ...kept });
  return { house, store, alice, bob };
}

test('PUBCOMP waits until the store has forgotten the identifier, when it failed to at first', async () => {
  const { house, store, bob } = await aliceAndBob();
  bob.publishOnly('news', 'one', { qos: 2, packetId: 5 });
  await bob.take('pubrec', { packetId: 5 });
  store.hold();
  bob.send({ type: 'pubrel', packetId: 5 });
  await bob.settle();
  store.failOne();
  await bob.expectNothing();
  store.release();
  await house.laboratory.advance(1000);
  await bob.expect('pubcomp', { packetId: 5, reasonCode: 0 });
});

test('a QoS 2 message leaves only when the store has its identifier, however often that fails', async () => {
  const { house, store, alice } = await aliceAndBob();
  store.hold();
  void house.broker.publish('news', 'one', { qos: 2 });
  await alice.settle();
  store.letOneGo();
  await alice.expectNothing();
  store.failOne();
  await alice.expectNothing();
  store.release();
  await house.laboratory.advance(1000);
  const message = await alice.expect('publish', { qos: 2 });
  expect(message.dup).toBe(false);
});

test('a repeat on the same connection is refused when the message itself could not be stored', async () => {
  const { store, bob } = await aliceAndBob();
  store.hold();
  bob.publishOnly('news', 'one', { qos: 2, packetId: 5 });
  await bob.settle();
  bob.publishOnly('news', 'one', { qos: 2, packetId: 5, dup: true });
  await bob.settle();
  store.failOne();
  store.release();
  await bob.expect('pubrec', { packetId: 5, reasonCode: 0x80 });
  await bob.expect('pubrec', { packetId: 5, reasonCode: 0x80 });
});

// Found by seeds 7994 and 8683 of test/crash.
test('a retained QoS 2 message whose batch failed leaves when the store has it after all', async () => {
  const store = new RecordingStore();
  const house = new Restarts({}, {}, store);
  const alice = await house.connect({ clientId: 'alice', ...kept });
  await alice.publish('lamp', 'on', { qos: 2, retain: true });
  store.hold();
  alice.send({ type: 'subscribe', packetId: 9, subscriptions: [{ filter: 'lamp', qos: 2 }] });
  await alice.settle();
  store.letOneGo();
  await alice.expect('suback', { packetId: 9 });
  await alice.expectNothing();
  store.failOne();
  await alice.expectNothing();
  store.release();
  await house.laboratory.advance(1000);
  const { packetId } = await alice.expect('publish', { qos: 2 });
  await house.crashAndStart();
  const again = await house.resume('alice');
  await again.expect('publish', { qos: 2, packetId, dup: true });
});
