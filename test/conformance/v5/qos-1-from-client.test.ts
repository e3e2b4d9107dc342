import { deny } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { heldStore } from '../held-store.ts';
import { numbered, textsIn } from '../messages.ts';

test('[MQTT-4.3.2-4] a QoS 1 message is taken over, and PUBACK has its identifier', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  for (const packetId of [1, 65_535, 77]) {
    alice.publishOnly('a', `with ${packetId}`, { qos: 1, packetId });
    await alice.expect('puback', { packetId, reasonCode: 0, properties: {} });
    expect((await bob.receiveMessage()).text).toBe(`with ${packetId}`);
  }
});

test.each([false, true])(
  '[MQTT-4.3.2-5] after PUBACK the same identifier is a new message, with DUP %s',
  async (dup) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos: 1 });
    const alice = await connect('alice');
    for (const text of ['one', 'two']) {
      alice.publishOnly('a', text, { qos: 1, packetId: 5, dup });
      await alice.expect('puback', { packetId: 5, reasonCode: 0 });
    }
    expect(textsIn(await bob.receiveAll())).toEqual(['one', 'two']);
  },
);

test('[MQTT-3.4.2-1] PUBACK says 0x10 when nobody subscribed, 0x00 otherwise', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  expect((await alice.publish('a', 'x', { qos: 1 })).reasonCode).toBe(0x10);
  const bob = await connect('bob');
  await bob.subscribe('a');
  expect((await alice.publish('a', 'x', { qos: 1 })).reasonCode).toBe(0);
});

test.each([0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99])(
  '[MQTT-3.4.2-1, §4.13.2] a refused QoS 1 message gets PUBACK with a code of its table, and the client stays: %i',
  async (code) => {
    const { connect, broker } = world();
    broker.use({
      name: 'gate',
      hooks: { authorizePublish: ({ message }) => (message.topic === 'a' ? deny(code) : true) },
    });
    const bob = await connect('bob');
    await bob.subscribe('#');
    const alice = await connect('alice');
    expect((await alice.publish('a', 'refused', { qos: 1 })).reasonCode).toBe(code);
    expect((await alice.publish('b', 'fine', { qos: 1 })).reasonCode).toBe(0);
    expect(textsIn(await bob.receiveAll())).toEqual(['fine']);
  },
);

test.each([0x82, 0x92, 0x10, 0])(
  '[MQTT-3.4.2-1] a refusal with a code that PUBACK does not know goes out with another: %i',
  async (code) => {
    const { connect, broker } = world();
    broker.use({ name: 'gate', hooks: { authorizePublish: () => deny(code) } });
    const alice = await connect('alice');
    const { reasonCode } = await alice.publish('a', 'x', { qos: 1 });
    expect([0x80, 0x83, 0x87]).toContain(reasonCode);
  },
);

test('[§4.13.2] a refused QoS 0 message is dropped, and the client stays', async () => {
  const { connect, broker } = world();
  broker.use({ name: 'gate', hooks: { authorizePublish: () => false } });
  const alice = await connect('alice');
  await alice.publish('a', 'x');
  await alice.ping();
  await alice.expectNothing();
});

test('[MQTT-3.4.2-2, MQTT-3.4.2-3] PUBACK loses User Properties first, then the Reason String, to fit the client', async () => {
  const { connect, broker } = world();
  const refusal = {
    allow: false,
    reasonCode: 0x87,
    reasonString: 'r'.repeat(20),
    userProperties: [['name', 'v'.repeat(20)]],
  } as const;
  broker.use({ name: 'gate', hooks: { authorizePublish: () => refusal } });
  // 2 bytes of fixed header, 3 of identifier and code, 1 of property length.
  const [bare, withReason] = [6, 6 + 3 + 20];
  const whole = withReason + 5 + 4 + 20;
  const answerFor = async (maximumPacketSize: number) => {
    const client = await connect({ properties: { maximumPacketSize } });
    const { reasonCode, properties } = await client.publish('a', 'x', { qos: 1 });
    expect(reasonCode).toBe(0x87);
    return Object.keys(properties).sort();
  };
  expect(await answerFor(whole)).toEqual(['reasonString', 'userProperties']);
  expect(await answerFor(whole - 1)).toEqual(['reasonString']);
  expect(await answerFor(withReason)).toEqual(['reasonString']);
  expect(await answerFor(withReason - 1)).toEqual([]);
  // CONNACK takes more than a PUBACK of this size.
  expect(bare).toBeLessThan(20);
  expect(await answerFor(20)).toEqual([]);
});

test('[MQTT-4.6.0-2] PUBACKs come in the order of their PUBLISHes', async () => {
  const { connect } = world();
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('stored', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  const packetIds = [9, 3, 7, 1, 8, 2];
  for (const [index, packetId] of packetIds.entries()) {
    alice.publishOnly(index % 2 === 0 ? 'stored' : 'passing', 'x', { qos: 1, packetId });
  }
  for (const packetId of packetIds) await alice.expect('puback', { packetId });
});

test('[MQTT-4.6.0-2] PUBACKs come in order though the store is slow with the first', async () => {
  const store = heldStore();
  const { connect } = world({ persistence: store });
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('stored', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  store.hold();
  alice.publishOnly('stored', 'x', { qos: 1, packetId: 1 });
  await alice.settle();
  alice.publishOnly('passing', 'x', { qos: 1, packetId: 2 });
  await alice.expectNothing();
  store.release();
  await alice.expect('puback', { packetId: 1 });
  await alice.expect('puback', { packetId: 2 });
});

test('[MQTT-4.3.2-4, MQTT-4.5.0-1] a message is in the sessions of all who subscribed when its PUBACK comes', async () => {
  const { connect, broker } = world();
  for (const clientId of ['one', 'two', 'three']) {
    const client = await connect({ clientId, properties: { sessionExpiryInterval: 60 } });
    await client.subscribe('a/+', { qos: 1 });
    await client.disconnect();
  }
  const alice = await connect('alice');
  for (const text of numbered('m', 2)) await alice.publish('a/b', text, { qos: 1 });
  const queued = [...broker.sessions()]
    .filter(({ clientId }) => clientId !== 'alice')
    .map((session) => session.queued);
  expect(queued).toEqual([2, 2, 2]);
});

test('[MQTT-4.3.2-4] what the store could not take is refused, and nobody keeps it', async () => {
  const store = heldStore();
  let isBroken = false;
  const commit: typeof store.commit = (batch, durability) => {
    if (isBroken) throw new Error('disk full');
    return store.commit(batch, durability);
  };
  const { connect, broker } = world({ persistence: { ...store, commit } });
  const drops = recordDrops(broker);
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  await bob.disconnect();
  const alice = await connect('alice');
  isBroken = true;
  expect((await alice.publish('a', 'lost', { qos: 2 })).reasonCode).toBe(0x80);
  isBroken = false;
  expect(drops).toEqual([{ reason: 'store-failed', clientId: 'bob', text: 'lost' }]);
  expect((await alice.publish('a', 'kept', { qos: 2 })).reasonCode).toBe(0);
  expect(textsIn(await (await connect(durable)).receiveAll())).toEqual(['kept']);
});
