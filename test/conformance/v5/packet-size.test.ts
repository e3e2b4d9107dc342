import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { recordDrops } from '../drops.ts';
import { textsIn } from '../messages.ts';

test.each([0, 1, 2] as const)(
  '[MQTT-3.1.2-24, MQTT-3.1.2-25] a message of QoS %i that is larger than the client takes is dropped as if delivered, one that is equal is not',
  async (qos) => {
    const { connect, broker } = world();
    const drops = recordDrops(broker);
    const bob = await connect({ clientId: 'bob', properties: { maximumPacketSize: 100, receiveMaximum: 1 } });
    await bob.subscribe('a', { qos });
    const alice = await connect('alice');
    // 2 bytes of fixed header, 3 of topic, 1 of property length, 2 of packet identifier.
    const exact = 100 - 6 - (qos === 0 ? 0 : 2);
    await alice.publish('a', 'x'.repeat(exact + 1), { qos });
    await alice.publish('a', 'y'.repeat(exact), { qos });
    const message = await bob.receiveMessage();
    expect(message.text).toBe('y'.repeat(exact));
    await bob.expectNothing();
    expect(drops).toEqual([{ reason: 'too-large', clientId: 'bob', text: 'x'.repeat(exact + 1) }]);
    expect(broker.session('bob')?.inflight).toBe(0);
  },
);

test('[MQTT-3.1.2-25] a message that was too large leaves neither identifier nor quota occupied, nor comes again', async () => {
  const { connect, broker } = world();
  const durable = {
    clientId: 'bob',
    cleanStart: false,
    properties: { sessionExpiryInterval: 60, maximumPacketSize: 60, receiveMaximum: 1 },
  };
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  for (let count = 0; count < 3; count++) await alice.publish('a', 'x'.repeat(80), { qos: 2 });
  await alice.publish('a', 'small', { qos: 1 });
  expect(await bob.receiveMessage()).toMatchObject({ text: 'small' });
  expect(broker.session('bob')).toMatchObject({ inflight: 0, queued: 0, queuedBytes: 0 });
  await bob.drop();
  const more = await connect({ ...durable, properties: { sessionExpiryInterval: 60 } });
  await more.expectNothing();
});

test('[MQTT-3.1.2-24] the size is measured for each client: its QoS, its identifiers, its aliases', async () => {
  const { connect } = world();
  const maximumPacketSize = 50;
  const plain = await connect({ clientId: 'plain', properties: { maximumPacketSize } });
  await plain.subscribe('a');
  const identified = await connect({ clientId: 'identified', properties: { maximumPacketSize } });
  await identified.subscribe('a', { properties: { subscriptionIdentifier: 1 } });
  const unlimited = await connect('unlimited');
  await unlimited.subscribe('a', { properties: { subscriptionIdentifier: 1 } });
  const alice = await connect('alice');
  await alice.publish('a', 'x'.repeat(44));
  expect(textsIn(await plain.receiveAll())).toHaveLength(1);
  expect(textsIn(await unlimited.receiveAll())).toHaveLength(1);
  await identified.expectNothing();
  await alice.publish('a', 'x'.repeat(42));
  expect(textsIn(await identified.receiveAll())).toHaveLength(1);
});

test('[MQTT-3.3.2-17, MQTT-3.1.2-25] User Properties are not trimmed to make a message fit', async () => {
  const { connect, broker } = world();
  const drops = recordDrops(broker);
  const bob = await connect({ clientId: 'bob', properties: { maximumPacketSize: 100 } });
  await bob.subscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'x', { properties: { userProperties: [['key', 'v'.repeat(100)]] } });
  await bob.expectNothing();
  expect(drops).toMatchObject([{ reason: 'too-large' }]);
});

test('[MQTT-3.1.2-25] a retained message that is too large is passed over, and the others come', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a/1', 'one', { retain: true, qos: 1 });
  await alice.publish('a/2', 'x'.repeat(100), { retain: true, qos: 1 });
  await alice.publish('a/3', 'three', { retain: true, qos: 1 });
  const bob = await connect({ clientId: 'bob', properties: { maximumPacketSize: 50, receiveMaximum: 1 } });
  await bob.subscribe('a/+', { qos: 1 });
  const texts = [(await bob.receiveMessage()).text, (await bob.receiveMessage()).text];
  expect(texts.toSorted()).toEqual(['one', 'three']);
  await bob.expectNothing();
});

test('[MQTT-3.2.2-15] what is larger than the broker announced ends the connection with 0x95 before it is whole', async () => {
  const { connect } = world({ limits: { maximumPacketSize: 1000 } });
  const alice = await connect('alice');
  expect(alice.connack.properties.maximumPacketSize).toBe(1000);
  // 3 bytes of fixed header, 3 of topic, 1 of property length.
  expect((await alice.publish('a', 'x'.repeat(1000 - 7 - 2), { qos: 1 })).reasonCode).toBe(0x10);
  // The fixed header alone: 998 more bytes to come make 1,001.
  alice.sendBytes('30 e6 07');
  await alice.expectDisconnect(0x95);
});

test('[§3.1.2.11.4] (open) a shared message that is too large for the member chosen is dropped', async () => {
  const { connect, broker } = world({ shareStrategy: 'sticky' });
  const drops = recordDrops(broker);
  const small = await connect({ clientId: 'small', properties: { maximumPacketSize: 50 } });
  await small.subscribe('$share/g/a', { qos: 1 });
  const large = await connect('large');
  await large.subscribe('$share/g/a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'x'.repeat(100), { qos: 1 });
  await small.expectNothing();
  await large.expectNothing();
  expect(drops).toMatchObject([{ reason: 'too-large', clientId: 'small' }]);
});
