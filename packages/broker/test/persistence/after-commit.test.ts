import type { PublishPacket } from '@carillon/protocol';
import type { PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import { brokerUnderTest } from '../broker-under-test.ts';
import { RecordingStore } from './recording-store.ts';
import { sendTogether } from './send-together.ts';

const kept = { properties: { sessionExpiryInterval: 3600 } };

/** Alice, whose session is stored and who subscribed to `news`, and Bob, who publishes. */
async function aliceAndBob() {
  const store = new RecordingStore();
  const place = brokerUnderTest({ persistence: store });
  const alice = await place.connect({ clientId: 'alice', ...kept });
  await alice.subscribe('news', { qos: 2 });
  const bob = await place.connect({ clientId: 'bob', ...kept });
  return { ...place, store, alice, bob };
}

async function acknowledgements(client: PacketClient): Promise<[string, number][]> {
  const packets = await client.receiveAll();
  return packets.flatMap((packet) =>
    packet.type === 'puback' || packet.type === 'pubrec' || packet.type === 'pubcomp'
      ? [[packet.type, packet.packetId]]
      : [],
  );
}

describe('only after the commit', () => {
  test('PUBACK leaves, while at QoS 1 the message may be ahead', async () => {
    const { alice, bob, store } = await aliceAndBob();
    store.hold();
    bob.publishOnly('news', 'hello', { qos: 1, packetId: 5 });
    await bob.expectNothing();
    await alice.expect('publish', { qos: 1 });
    store.letOneGo();
    await bob.expect('puback', { packetId: 5, reasonCode: 0 });
  });

  test('PUBREC leaves, and only then does anybody see the QoS 2 message', async () => {
    const { alice, bob, store, connect } = await aliceAndBob();
    const casual = await connect({ clientId: 'casual' });
    await casual.subscribe('news', { qos: 0 });
    store.hold();
    bob.publishOnly('news', 'hello', { qos: 2, packetId: 5 });
    await bob.expectNothing();
    await alice.expectNothing();
    await casual.expectNothing();
    expect(store.batches.at(-1)?.map((operation) => operation.do)).toEqual(['enqueue', 'putInboundId']);
    store.letOneGo();
    await bob.expect('pubrec', { packetId: 5, reasonCode: 0 });
    await casual.expect('publish', { qos: 0 });
    // Her packet identifier has to be stored as well before her copy leaves.
    await alice.expectNothing();
    expect(store.batches.at(-1)?.map((operation) => operation.do)).toEqual(['markSent']);
    store.letOneGo();
    await alice.expect('publish', { qos: 2 });
  });

  test('PUBREL leaves', async () => {
    const { alice, bob, store } = await aliceAndBob();
    await bob.publish('news', 'hello', { qos: 2 });
    const { packetId } = await alice.expect('publish');
    store.hold();
    alice.send({ type: 'pubrec', packetId });
    await alice.expectNothing();
    store.letOneGo();
    await alice.expect('pubrel', { packetId });
  });

  test('PUBCOMP leaves', async () => {
    const { bob, store } = await aliceAndBob();
    bob.publishOnly('news', 'hello', { qos: 2, packetId: 5 });
    await bob.expect('pubrec');
    store.hold();
    bob.send({ type: 'pubrel', packetId: 5 });
    await bob.expectNothing();
    store.letOneGo();
    await bob.expect('pubcomp', { packetId: 5 });
  });

  test('SUBACK leaves, and retained messages after it', async () => {
    const { alice, bob, store } = await aliceAndBob();
    await bob.publish('lamp', 'on', { qos: 1, retain: true });
    store.hold();
    alice.send({ type: 'subscribe', packetId: 9, subscriptions: ['lamp'] });
    await alice.expectNothing();
    store.release();
    await alice.expect('suback', { packetId: 9, reasonCodes: [0] });
    await alice.expect('publish', { topic: 'lamp', retain: true });
  });

  test('UNSUBACK leaves', async () => {
    const { alice, store } = await aliceAndBob();
    store.hold();
    alice.send({ type: 'unsubscribe', packetId: 9, filters: ['news'] });
    await alice.expectNothing();
    store.letOneGo();
    await alice.expect('unsuback', { packetId: 9, reasonCodes: [0] });
  });

  test('CONNACK leaves, for a session that is made and for one that is resumed', async () => {
    const { arrive, store, laboratory } = await aliceAndBob();
    for (const sessionPresent of [false, true]) {
      store.hold();
      const carol = arrive();
      carol.send({ type: 'connect', clientId: 'carol', cleanStart: false, ...kept });
      carol.send({ type: 'pingreq' });
      await carol.expectNothing();
      store.release();
      await carol.expect('connack', { sessionPresent, reasonCode: 0 });
      await carol.expect('pingresp');
      await carol.drop();
      await laboratory.settle();
    }
  });

  test('a retained message is acknowledged', async () => {
    const { bob, store } = await aliceAndBob();
    store.hold();
    bob.publishOnly('lamp', 'on', { qos: 1, packetId: 5, retain: true });
    await bob.expectNothing();
    store.letOneGo();
    await bob.expect('puback', { packetId: 5 });
  });
});

describe('while a commit is under way', () => {
  test('PINGREQ is answered, and QoS 0 messages go through', async () => {
    const { alice, bob, store } = await aliceAndBob();
    store.hold();
    bob.publishOnly('news', 'stored', { qos: 2 });
    await bob.expectNothing();
    await bob.ping();
    await bob.publish('news', 'passing', { qos: 0 });
    await alice.expect('publish', { qos: 0 });
  });

  test('who has nothing to store does not wait', async () => {
    const { bob, store, connect } = await aliceAndBob();
    const carol = await connect({ clientId: 'carol' });
    store.hold();
    bob.publishOnly('news', 'stored', { qos: 1 });
    await bob.expectNothing();
    await carol.publish('nobody listens', '', { qos: 1 });
    await carol.subscribe('other', { qos: 1 });
  });

  test('the next batch gathers, whoever it is from, and is one commit', async () => {
    const { alice, bob, store, connect } = await aliceAndBob();
    await alice.drop();
    const carol = await connect({ clientId: 'carol' });
    store.hold();
    const before = store.batches.length;
    bob.publishOnly('news', 'first', { qos: 1, packetId: 1 });
    await bob.expectNothing();
    for (let packetId = 2; packetId <= 9; packetId++) {
      const publisher = packetId % 2 === 0 ? bob : carol;
      publisher.publishOnly('news', `message ${packetId}`, { qos: 1, packetId });
      await publisher.expectNothing();
    }
    expect(store.batches.length - before).toBe(1);
    store.letOneGo();
    await bob.expect('puback', { packetId: 1 });
    await bob.expectNothing();
    expect(store.batches.length - before).toBe(2);
    expect(store.batches.at(-1)).toHaveLength(8);
    store.letOneGo();
    expect(await acknowledgements(bob)).toEqual([2, 4, 6, 8].map((id) => ['puback', id]));
    expect(await acknowledgements(carol)).toEqual([3, 5, 7, 9].map((id) => ['puback', id]));
    expect(store.isCommitting).toBe(false);
  });
});

test('all that one turn brings is one batch', async () => {
  const { alice, bob, store, connect } = await aliceAndBob();
  await alice.drop();
  const carol = await connect({ clientId: 'carol' });
  const before = store.batches.length;
  const ids = [1, 2, 3, 4, 5];
  sendTogether(
    bob,
    ids.map((packetId) => ({ qos: 1, packetId })),
  );
  sendTogether(
    carol,
    ids.map((packetId) => ({ qos: 2, packetId, retain: true })),
  );
  expect(await acknowledgements(bob)).toHaveLength(5);
  expect(await acknowledgements(carol)).toHaveLength(5);
  expect(store.batches.length - before).toBe(1);
});

test('a turn that has nothing to store asks nothing of the store', async () => {
  const { store, connect } = await aliceAndBob();
  const [carol, dora] = [await connect({ clientId: 'carol' }), await connect({ clientId: 'dora' })];
  const before = store.batches.length;
  await dora.subscribe('talk', { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    await carol.publish('talk', `qos ${qos}`, { qos });
    await dora.receiveMessage();
  }
  await dora.disconnect();
  expect(store.batches.length).toBe(before);
});

test('a message that many wait for is one object in one batch', async () => {
  const { bob, store, connect } = await aliceAndBob();
  for (const clientId of ['carol', 'dora']) {
    const client = await connect({ clientId, ...kept });
    await client.subscribe('#', { qos: 1 });
    await client.drop();
  }
  await bob.publish('news', 'to all', { qos: 1, retain: true });
  const batch = store.batches.at(-1) ?? [];
  const bodies = batch.flatMap((operation) =>
    operation.do === 'enqueue'
      ? [operation.entry.message]
      : operation.do === 'putRetained'
        ? [operation.message]
        : [],
  );
  expect(bodies).toHaveLength(4);
  expect(new Set(bodies).size).toBe(1);
});

describe('acknowledgements keep their order', () => {
  test('also where only some of the messages have to be stored', async () => {
    const { bob, store } = await aliceAndBob();
    store.hold();
    bob.publishOnly('news', 'stored', { qos: 1, packetId: 1 });
    await bob.expectNothing();
    bob.publishOnly('nobody', 'not stored', { qos: 1, packetId: 2 });
    bob.publishOnly('news', 'stored', { qos: 1, packetId: 3 });
    bob.publishOnly('nobody', 'not stored', { qos: 1, packetId: 4 });
    await bob.expectNothing();
    store.letOneGo();
    expect(await acknowledgements(bob)).toEqual([['puback', 1]]);
    store.letOneGo();
    expect(await acknowledgements(bob)).toEqual([2, 3, 4].map((id) => ['puback', id]));
  });

  test('at QoS 2 as well, and messages reach their receiver in the order in which they came', async () => {
    const { alice, bob, store } = await aliceAndBob();
    store.hold();
    for (let packetId = 1; packetId <= 4; packetId++) {
      bob.publishOnly('news', `m ${packetId}`, { qos: packetId % 2 === 0 ? 2 : 1, packetId });
      await bob.expectNothing();
    }
    store.release();
    const answers = await acknowledgements(bob);
    expect(answers).toEqual([
      ['puback', 1],
      ['pubrec', 2],
      ['puback', 3],
      ['pubrec', 4],
    ]);
    const messages = (await alice.receiveAll()).filter(
      (packet): packet is PublishPacket => packet.type === 'publish',
    );
    expect(messages.map(({ payload }) => new TextDecoder().decode(payload))).toEqual([
      'm 1',
      'm 2',
      'm 3',
      'm 4',
    ]);
  });
});

test('a client that is gone before the commit is done harms nobody', async () => {
  const { alice, bob, store, connect } = await aliceAndBob();
  store.hold();
  bob.publishOnly('news', 'hello', { qos: 2, packetId: 5 });
  await bob.expectNothing();
  await bob.drop();
  store.release();
  await alice.receiveMessage();
  const again = await connect({ clientId: 'bob', cleanStart: false, ...kept });
  again.publishOnly('news', 'hello', { qos: 2, packetId: 5, dup: true });
  await again.expect('pubrec', { packetId: 5, reasonCode: 0 });
  await alice.expectNothing();
});
