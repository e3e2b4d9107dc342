import { deny } from '@carillon/hooks';
import { memoryStore } from '@carillon/persistence';
import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { textsIn } from '../messages.ts';

const durable = { clientId: 'alice', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

test('[MQTT-4.3.3-8, MQTT-4.3.3-11] a QoS 2 message goes from PUBREC to PUBCOMP under its identifier, and is passed on once', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  alice.publishOnly('a', 'x', { qos: 2, packetId: 321 });
  await alice.expect('pubrec', { packetId: 321, reasonCode: 0, properties: {} });
  expect((await bob.receiveMessage()).text).toBe('x');
  alice.send({ type: 'pubrel', packetId: 321 });
  await alice.expect('pubcomp', { packetId: 321, reasonCode: 0, properties: {} });
  await bob.expectNothing();
});

test('[MQTT-3.5.2-1] PUBREC says 0x10 when nobody subscribed, and the exchange goes on', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.publishOnly('a', 'x', { qos: 2, packetId: 5 });
  await alice.expect('pubrec', { packetId: 5, reasonCode: 0x10 });
  alice.publishOnly('a', 'x', { qos: 2, packetId: 5, dup: true });
  await alice.expect('pubrec', { packetId: 5, reasonCode: 0 });
  alice.send({ type: 'pubrel', packetId: 5 });
  await alice.expect('pubcomp', { packetId: 5, reasonCode: 0 });
});

test.each([true, false])(
  '[MQTT-4.3.3-10] until PUBREL a repeat gets another PUBREC and is not passed on, with DUP %s',
  async (dup) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos: 2 });
    const alice = await connect('alice');
    for (const text of ['one', 'one again', 'one once more']) {
      alice.publishOnly('a', text, { qos: 2, packetId: 5, dup });
      await alice.expect('pubrec', { packetId: 5, reasonCode: 0 });
    }
    expect(textsIn(await bob.receiveAll())).toEqual(['one']);
  },
);

test('[MQTT-4.3.3-10] an identifier stays taken across a resumed session', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect(durable);
  alice.publishOnly('a', 'one', { qos: 2, packetId: 5 });
  await alice.expect('pubrec', { packetId: 5 });
  await alice.drop();

  const again = await connect(durable);
  again.publishOnly('a', 'one', { qos: 2, packetId: 5, dup: true });
  await again.expect('pubrec', { packetId: 5, reasonCode: 0 });
  again.send({ type: 'pubrel', packetId: 5 });
  await again.expect('pubcomp', { packetId: 5, reasonCode: 0 });
  expect(textsIn(await bob.receiveAll())).toEqual(['one']);
});

test('[MQTT-4.3.3-10, §4.1] an identifier stays taken across a restart of the broker', async () => {
  const persistence = memoryStore();
  const before = world({ persistence });
  const alice = await before.connect(durable);
  alice.publishOnly('a', 'one', { qos: 2, packetId: 5 });
  await alice.expect('pubrec', { packetId: 5 });
  await Promise.all([before.broker.close(), before.laboratory.settle()]);

  const { connect } = world({ persistence });
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const again = await connect(durable);
  again.publishOnly('a', 'one', { qos: 2, packetId: 5, dup: true });
  await again.expect('pubrec', { packetId: 5, reasonCode: 0 });
  await bob.expectNothing();
  again.send({ type: 'pubrel', packetId: 5 });
  await again.expect('pubcomp', { packetId: 5, reasonCode: 0 });
});

test('[§4.1] a new session has forgotten the identifiers of the old one', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect(durable);
  alice.publishOnly('a', 'one', { qos: 2, packetId: 5 });
  await alice.expect('pubrec', { packetId: 5 });
  const anew = await connect({ ...durable, cleanStart: true });
  anew.publishOnly('a', 'two', { qos: 2, packetId: 5 });
  await anew.expect('pubrec', { packetId: 5, reasonCode: 0 });
  expect(textsIn(await bob.receiveAll())).toEqual(['one', 'two']);
});

test('[MQTT-4.3.3-9, MQTT-3.5.2-1] after a PUBREC of 0x80 or above the identifier is free', async () => {
  const { connect, broker } = world();
  broker.use({
    name: 'gate',
    hooks: { authorizePublish: ({ message }) => (message.topic === 'no' ? deny(0x97) : true) },
  });
  const bob = await connect('bob');
  await bob.subscribe('#', { qos: 2 });
  const alice = await connect('alice');
  alice.publishOnly('no', 'refused', { qos: 2, packetId: 5 });
  await alice.expect('pubrec', { packetId: 5, reasonCode: 0x97 });
  alice.send({ type: 'pubrel', packetId: 5 });
  await alice.expect('pubcomp', { packetId: 5, reasonCode: 0x92 });
  alice.publishOnly('yes', 'taken', { qos: 2, packetId: 5 });
  await alice.expect('pubrec', { packetId: 5, reasonCode: 0 });
  expect(textsIn(await bob.receiveAll())).toEqual(['taken']);
});

test('[MQTT-4.3.3-12] after PUBCOMP the identifier starts a new message', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  for (const text of ['one', 'two']) await alice.publish('a', text, { qos: 2, packetId: 5, dup: true });
  expect(textsIn(await bob.receiveAll())).toEqual(['one', 'two']);
});

test('[MQTT-4.3.3-11, MQTT-3.7.2-1] PUBREL for an unknown identifier gets PUBCOMP 0x92, and the client stays', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.send({ type: 'pubrel', packetId: 9 });
  await alice.expect('pubcomp', { packetId: 9, reasonCode: 0x92 });
  await alice.ping();
});

test('[MQTT-4.3.3-11] a repeated PUBREL is answered again', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2, packetId: 5 });
  alice.send({ type: 'pubrel', packetId: 5 });
  await alice.expect('pubcomp', { packetId: 5, reasonCode: 0x92 });
});

test.each(['60', '61', '63', '6a'])(
  '[MQTT-3.6.1-1] PUBREL with a first byte of %s is malformed',
  async (firstByte) => {
    const { connect } = world();
    const alice = await connect('alice');
    alice.sendBytes(`${firstByte} 02 00 01`);
    await alice.expectDisconnect(0x81);
  },
);

test.each(['40 03 00 01 92', '50 03 00 01 01', '62 03 00 01 10', '70 03 00 01 80'])(
  '[MQTT-3.4.2-1, MQTT-3.5.2-1, MQTT-3.6.2-1, MQTT-3.7.2-1] an acknowledgement with a code not of its table is a protocol error: %s',
  async (bytes) => {
    const { connect } = world();
    const alice = await connect('alice');
    alice.sendBytes(bytes);
    await alice.expectDisconnect(0x82);
  },
);

test.each(['62 02 00 05', '62 03 00 05 00', '62 04 00 05 00 00', '62 03 00 05 92'])(
  '[§3.6.2.1] PUBREL is taken in each of its forms: %s',
  async (bytes) => {
    const { connect } = world();
    const alice = await connect('alice');
    alice.publishOnly('a', 'x', { qos: 2, packetId: 5 });
    await alice.expect('pubrec');
    alice.sendBytes(bytes);
    await alice.expect('pubcomp', { packetId: 5, reasonCode: 0 });
  },
);

test('[MQTT-3.5.2-2, MQTT-3.5.2-3] PUBREC loses User Properties first, then the Reason String, to fit the client', async () => {
  const { connect, broker } = world();
  const refusal = {
    allow: false,
    reasonString: 'r'.repeat(20),
    userProperties: [['name', 'v'.repeat(20)]],
  } as const;
  broker.use({ name: 'gate', hooks: { authorizePublish: () => refusal } });
  const answerFor = async (maximumPacketSize: number) => {
    const client = await connect({ properties: { maximumPacketSize } });
    const { reasonCode, properties } = await client.publish('a', 'x', { qos: 2 });
    expect(reasonCode).toBe(0x87);
    return Object.keys(properties).sort();
  };
  const withReason = 6 + 3 + 20;
  const whole = withReason + 5 + 4 + 20;
  expect(await answerFor(whole)).toEqual(['reasonString', 'userProperties']);
  expect(await answerFor(whole - 1)).toEqual(['reasonString']);
  expect(await answerFor(withReason)).toEqual(['reasonString']);
  expect(await answerFor(withReason - 1)).toEqual([]);
});

test('[MQTT-3.6.2-2, MQTT-3.6.2-3, MQTT-3.7.2-2, MQTT-3.7.2-3] PUBREL and PUBCOMP say nothing but their code, so nothing makes them too large', async () => {
  const { connect } = world();
  const alice = await connect({ clientId: 'alice', properties: { maximumPacketSize: 20 } });
  alice.send({
    type: 'pubrel',
    packetId: 9,
    reasonCode: 0x92,
    properties: { userProperties: [['a', 'b'.repeat(50)]] },
  });
  await alice.expect('pubcomp', { packetId: 9, reasonCode: 0x92, properties: {} });
  alice.send({ type: 'pubrec', packetId: 9, properties: { reasonString: 'r'.repeat(50) } });
  await alice.expect('pubrel', { packetId: 9, reasonCode: 0x92, properties: {} });
});

test('[MQTT-4.6.0-3] PUBRECs come in the order of their PUBLISHes, repeats among them', async () => {
  const { connect } = world();
  const alice = await connect(durable);
  const packetIds = [9, 3, 9, 7, 3, 1];
  for (const packetId of packetIds) alice.publishOnly('a', 'x', { qos: 2, packetId });
  for (const packetId of packetIds) await alice.expect('pubrec', { packetId });
});

test('[MQTT-4.3.3-8] QoS 1 and QoS 2 messages may use one identifier at a time', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  alice.publishOnly('a', 'two', { qos: 2, packetId: 5 });
  alice.publishOnly('a', 'one', { qos: 1, packetId: 5 });
  await alice.expect('pubrec', { packetId: 5, reasonCode: 0 });
  await alice.expect('puback', { packetId: 5, reasonCode: 0 });
  expect(textsIn(await bob.receiveAll()).toSorted()).toEqual(['one', 'two']);
});
