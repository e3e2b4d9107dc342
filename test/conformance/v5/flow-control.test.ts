import { deny } from '@carillon/hooks';
import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { heldStore } from '../held-store.ts';
import { messagesIn, numbered, textOf, textsIn } from '../messages.ts';

test('[MQTT-3.3.4-7] one unfinished QoS 2 message too many ends the connection with 0x93', async () => {
  const { connect } = world({ limits: { receiveMaximum: 3 } });
  const alice = await connect('alice');
  expect(alice.connack.properties.receiveMaximum).toBe(3);
  for (let packetId = 1; packetId <= 3; packetId++) {
    alice.publishOnly('a', 'x', { qos: 2, packetId });
    await alice.expect('pubrec', { packetId });
  }
  alice.publishOnly('a', 'x', { qos: 2, packetId: 4 });
  await alice.expectDisconnect(0x93);
});

test('[MQTT-3.3.4-7] one QoS 1 message too many, while the store is slow, ends the connection with 0x93', async () => {
  const store = heldStore();
  const { connect } = world({ limits: { receiveMaximum: 2 }, persistence: store });
  const bob = await connect({ clientId: 'bob', properties: { sessionExpiryInterval: 60 } });
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  store.hold();
  for (let packetId = 1; packetId <= 2; packetId++) alice.publishOnly('a', 'x', { qos: 1, packetId });
  await alice.expectNothing();
  alice.publishOnly('a', 'x', { qos: 1, packetId: 3 });
  await alice.expectDisconnect(0x93);
  store.release();
});

test('[MQTT-3.3.4-7] QoS 0 does not count, nor does QoS 1 that was acknowledged', async () => {
  const { connect } = world({ limits: { receiveMaximum: 1 } });
  const alice = await connect('alice');
  alice.publishOnly('a', 'x', { qos: 2, packetId: 1 });
  for (let count = 0; count < 5; count++) alice.publishOnly('a', 'x');
  await alice.expect('pubrec');
  await alice.expectNothing();
  alice.send({ type: 'pubrel', packetId: 1 });
  await alice.expect('pubcomp');
  for (let count = 0; count < 5; count++) await alice.publish('a', 'x', { qos: 1 });
});

test('[MQTT-3.3.4-7] many QoS 1 messages in one write are no fault as long as each is answered at once', async () => {
  const { connect } = world({ limits: { receiveMaximum: 10 } });
  const bob = await connect('bob');
  await bob.subscribe('a');
  const alice = await connect('alice');
  for (let count = 0; count < 10; count++) alice.publishOnly('a', 'x', { qos: 1 });
  const answers = await alice.receiveAll();
  expect(answers.map(({ type }) => type)).toEqual(new Array(10).fill('puback'));
});

test('[MQTT-3.3.4-7, §3.3.4] a repeat of a counted identifier does not count twice', async () => {
  const { connect } = world({ limits: { receiveMaximum: 1 } });
  const alice = await connect('alice');
  for (let time = 0; time < 3; time++) {
    alice.publishOnly('a', 'x', { qos: 2, packetId: 1, dup: time > 0 });
    await alice.expect('pubrec', { packetId: 1 });
  }
});

test('[MQTT-3.3.4-7] a refused QoS 2 message counts no more', async () => {
  const { connect, broker } = world({ limits: { receiveMaximum: 1 } });
  broker.use({ name: 'gate', hooks: { authorizePublish: () => deny(0x97) } });
  const alice = await connect('alice');
  for (let packetId = 1; packetId <= 3; packetId++) {
    alice.publishOnly('a', 'x', { qos: 2, packetId });
    await alice.expect('pubrec', { packetId, reasonCode: 0x97 });
  }
});

test('[MQTT-3.3.4-7, §4.9] on a new connection the client’s window is whole again, but for what it sends again', async () => {
  const { connect } = world({ limits: { receiveMaximum: 2 } });
  const durable = { clientId: 'alice', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const alice = await connect(durable);
  for (const packetId of [1, 2]) alice.publishOnly('a', 'x', { qos: 2, packetId });
  await alice.settle();
  await alice.drop();
  const again = await connect(durable);
  for (const packetId of [1, 3]) {
    again.publishOnly('a', 'x', { qos: 2, packetId, dup: packetId === 1 });
    await again.expect('pubrec', { packetId });
  }
  again.publishOnly('a', 'x', { qos: 2, packetId: 4 });
  await again.expectDisconnect(0x93);
});

test.each([1, 2] as const)(
  '[MQTT-3.3.4-9, MQTT-4.9.0-1, MQTT-4.9.0-2] with Receive Maximum 1 messages of QoS %i come one by one',
  async (qos) => {
    const { connect } = world();
    const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
    await bob.subscribe('a', { qos });
    const alice = await connect('alice');
    for (const text of numbered('m', 5)) await alice.publish('a', text, { qos });
    for (const text of numbered('m', 5)) {
      const message = await bob.expect('publish');
      expect(textOf(message)).toBe(text);
      await bob.expectNothing();
      await bob.ack(message);
    }
    await bob.expectNothing();
  },
);

test('[MQTT-4.9.0-2] a QoS 2 message uses the quota until PUBCOMP: PUBREC alone makes no room', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  for (const text of ['one', 'two']) await alice.publish('a', text, { qos: 2 });
  const { packetId } = await bob.expect('publish');
  bob.send({ type: 'pubrec', packetId });
  await bob.expect('pubrel', { packetId });
  await bob.expectNothing();
  bob.send({ type: 'pubcomp', packetId });
  expect(textOf(await bob.expect('publish'))).toBe('two');
});

test('[MQTT-4.9.0-2, §4.9] a PUBREC of 0x80 or above gives the quota back', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  for (const text of ['one', 'two']) await alice.publish('a', text, { qos: 2 });
  const { packetId } = await bob.expect('publish');
  bob.send({ type: 'pubrec', packetId, reasonCode: 0x97 });
  expect(textOf(await bob.expect('publish'))).toBe('two');
});

test.each([2, 7, 65_535])(
  '[MQTT-3.3.4-9, MQTT-4.9.0-1] never more than Receive Maximum %i messages are unfinished, nor more than the broker’s own limit',
  async (receiveMaximum) => {
    const { connect } = world({ limits: { maximumInflight: 20 } });
    const bob = await connect({ clientId: 'bob', properties: { receiveMaximum } });
    await bob.subscribe('a', { qos: 1 });
    const alice = await connect('alice');
    for (const text of numbered('m', 50)) alice.publishOnly('a', text, { qos: 1 });
    const window = Math.min(receiveMaximum, 20);
    const first = messagesIn(await bob.receiveAll());
    expect(first).toHaveLength(window);
    for (const { packetId } of first.slice(0, 2)) bob.send({ type: 'puback', packetId });
    expect(messagesIn(await bob.receiveAll())).toHaveLength(2);
  },
);

test('[MQTT-3.3.4-9] without Receive Maximum a client is taken to have the largest', async () => {
  const { connect } = world({ limits: { maximumInflight: 65_534 } });
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  for (let count = 0; count < 500; count++) alice.publishOnly('a', 'x', { qos: 1 });
  expect(messagesIn(await bob.receiveAll())).toHaveLength(500);
});

test('[MQTT-3.3.4-10, MQTT-4.9.0-3] a full window holds back nothing but QoS 1 and 2', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'in flight', { qos: 2 });
  await alice.publish('a', 'held back', { qos: 1 });
  const { packetId } = await bob.expect('publish', { qos: 2 });

  await alice.publish('a', 'at QoS 0', { qos: 0 });
  expect(textOf(await bob.expect('publish', { qos: 0 }))).toBe('at QoS 0');
  await bob.ping();
  expect((await bob.subscribe('b')).reasonCodes).toEqual([0]);
  expect((await bob.unsubscribe('b')).reasonCodes).toEqual([0]);
  expect((await bob.publish('b', 'x', { qos: 1 })).reasonCode).toBe(0x10);
  expect((await bob.publish('b', 'x', { qos: 2 })).reasonCode).toBe(0);
  bob.send({ type: 'pubrec', packetId });
  await bob.expect('pubrel', { packetId });
  await bob.expectNothing();
});

test('[MQTT-4.9.0-1, §4.9] each connection has the quota of its own CONNECT', async () => {
  const { connect } = world();
  const withWindow = (receiveMaximum: number) =>
    connect({
      clientId: 'bob',
      cleanStart: false,
      properties: { sessionExpiryInterval: 60, receiveMaximum },
    });
  const bob = await withWindow(2);
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 8)) await alice.publish('a', text, { qos: 1 });
  expect(textsIn(await bob.receiveAll())).toEqual(numbered('m', 2));
  await bob.drop();
  const wide = await withWindow(5);
  expect(textsIn(await wide.receiveAll())).toEqual(numbered('m', 5));
  await wide.drop();
  const narrow = await withWindow(1);
  expect(textsIn(await narrow.receiveAll())).toEqual(['m 1']);
});

test('[MQTT-4.9.0-1, §4.9] PUBCOMP for a flow of the old connection does not lift the quota above its start', async () => {
  const { connect } = world();
  const small = {
    clientId: 'bob',
    cleanStart: false,
    properties: { sessionExpiryInterval: 60, receiveMaximum: 1 },
  };
  const bob = await connect(small);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'm 1', { qos: 2 });
  const { packetId } = await bob.expect('publish');
  bob.send({ type: 'pubrec', packetId });
  await bob.expect('pubrel');
  await bob.drop();

  for (const text of numbered('m', 4, 2)) await alice.publish('a', text, { qos: 2 });
  const again = await connect(small);
  await again.expect('pubrel', { packetId });
  // A PUBREL that is sent again uses no quota.
  expect(textOf(await again.expect('publish'))).toBe('m 2');
  again.send({ type: 'pubcomp', packetId });
  await again.expectNothing();
});

test('[MQTT-4.9.0-2] one client’s full window is none of the others’', async () => {
  const { connect } = world();
  const slow = await connect({ clientId: 'slow', properties: { receiveMaximum: 1 } });
  const fast = await connect('fast');
  for (const client of [slow, fast]) await client.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 5)) await alice.publish('a', text, { qos: 1 });
  expect(textsIn(await fast.receiveAll())).toEqual(numbered('m', 5));
  expect(textsIn(await slow.receiveAll())).toEqual(['m 1']);
});
