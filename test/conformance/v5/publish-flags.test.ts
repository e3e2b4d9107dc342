import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { messagesIn } from '../messages.ts';

test('[MQTT-3.3.1-1] what is sent again on a resumed session has DUP 1', async () => {
  const { connect } = world();
  const resumable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(resumable);
  const alice = await connect('alice');
  await bob.subscribe('a', { qos: 1 });
  await alice.publish('a', 'x', { qos: 1 });
  const { packetId } = await bob.expect('publish', { qos: 1, dup: false });
  await bob.drop();

  const again = await connect(resumable);
  await again.expect('publish', { qos: 1, dup: true, packetId });
});

test('[MQTT-3.3.1-2] DUP 1 with QoS 0 is malformed', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('38 05 00 01 61 00 78');
  await alice.expectDisconnect(0x81);
});

test('[MQTT-3.3.1-2, MQTT-4.3.1-1] a message is sent at QoS 0 with DUP 0 and without packet identifier', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  const alice = await connect('alice');
  await bob.subscribe('a');
  await alice.publish('a', 'x', { qos: 1, dup: true });
  await bob.expect('publish', { qos: 0, dup: false, packetId: 0 });
  await bob.expectNothing();
});

test.each([1, 2] as const)(
  '[MQTT-3.3.1-3] the DUP of a publisher is not passed on, at QoS %i',
  async (qos) => {
    const { connect } = world();
    const bob = await connect('bob');
    const alice = await connect('alice');
    await bob.subscribe('a', { qos });
    await alice.publish('a', 'x', { qos, dup: true });
    await bob.expect('publish', { qos, dup: false });
  },
);

test('[MQTT-3.3.1-4] QoS 3 is malformed', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('36 07 00 01 61 00 01 00 78');
  await alice.expectDisconnect(0x81);
});

test('[MQTT-3.3.2-1] a topic that is not UTF-8 is malformed', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('30 06 00 02 c0 80 00 78');
  await alice.expectDisconnect(0x81);
});

test('[MQTT-3.3.2-1] the topic comes first, then the packet identifier', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  const alice = await connect('alice');
  await bob.subscribe('ab', { qos: 1 });
  // Topic "ab", packet identifier 0x6364, no properties, payload "x".
  alice.sendBytes('32 08 00 02 61 62 63 64 00 78');
  await alice.expect('puback', { packetId: 0x6364, reasonCode: 0 });
  await bob.expect('publish', { topic: 'ab', payload: new Uint8Array([0x78]) });
});

test.each(['a/+', '+', 'a/#', '#', 'a+b', 'a#'])(
  '[MQTT-3.3.2-2, MQTT-4.7.0-1] a PUBLISH to %s ends the connection with 0x90',
  async (topic) => {
    const { connect } = world();
    const everybody = await connect('everybody');
    await everybody.subscribe('#');
    const alice = await connect('alice');
    alice.publishOnly(topic, 'x', { qos: 1 });
    await alice.expectDisconnect(0x90);
    await everybody.expectNothing();
  },
);

test('[MQTT-3.3.2-3] what a client gets matches one of its filters', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  const alice = await connect('alice');
  await bob.subscribe(['a/+/c', 'x/#']);
  for (const topic of ['a/b/c', 'a/b', 'a/b/c/d', 'x', 'x/y/z', 'X/y', 'b']) await alice.publish(topic, 'x');
  const topics = messagesIn(await bob.receiveAll()).map(({ topic }) => topic);
  expect(topics).toEqual(['a/b/c', 'x', 'x/y/z']);
});

test('[MQTT-3.3.4-1] QoS 0 is answered by nothing, QoS 1 by PUBACK, QoS 2 by PUBREC', async () => {
  const { connect } = world({ tellNoMatchingSubscribers: false });
  const alice = await connect('alice');
  alice.publishOnly('a', 'x', { qos: 0 });
  await alice.expectNothing();
  alice.publishOnly('a', 'x', { qos: 1, packetId: 7 });
  await alice.expect('puback', { packetId: 7, reasonCode: 0 });
  alice.publishOnly('a', 'x', { qos: 2, packetId: 8 });
  await alice.expect('pubrec', { packetId: 8, reasonCode: 0 });
  await alice.expectNothing();
});

test('[MQTT-3.3.4-6] a Subscription Identifier from a client is a protocol error', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.publishOnly('a', 'x', { properties: { subscriptionIdentifiers: [1] } });
  await alice.expectDisconnect(0x82);
});
