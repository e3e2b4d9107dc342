import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { textsIn } from '../messages.ts';

test.each(['a0', 'a1', 'a3', 'aa'])(
  '[MQTT-3.10.1-1] UNSUBSCRIBE with a first byte of %s is malformed',
  async (firstByte) => {
    const { connect } = world();
    const bob = await connect('bob');
    bob.sendBytes(`${firstByte} 06 00 01 00 00 01 61`);
    await bob.expectDisconnect(0x81);
  },
);

test('[MQTT-3.10.3-1] a filter that is not UTF-8 is malformed', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('a2 07 00 01 00 00 02 c0 80');
  await bob.expectDisconnect(0x81);
});

test('[MQTT-3.10.3-2] an UNSUBSCRIBE without a filter is a protocol error', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('a2 03 00 01 00');
  await bob.expectDisconnect(0x82);
});

test('[MQTT-3.10.4-1] UNSUBSCRIBE removes by the exact text: wildcards are not expanded', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  await bob.subscribe(['a/b', 'a/+', 'a/#', 'A/b']);
  const unsuback = await bob.unsubscribe(['a/#', '#', '+/b', 'a/B', 'a/b/']);
  expect(unsuback.reasonCodes).toEqual([0, 0x11, 0x11, 0x11, 0x11]);
  expect(broker.subscriptions('bob').map(({ filter }) => filter)).toEqual(['a/b', 'a/+', 'A/b']);
});

test('[MQTT-3.10.4-1] UNSUBSCRIBE removes the client’s own subscription and nobody else’s', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  const carol = await connect('carol');
  for (const client of [bob, carol]) await client.subscribe('a');
  await bob.unsubscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'x');
  await bob.expectNothing();
  expect(textsIn(await carol.receiveAll())).toEqual(['x']);
});

test('[MQTT-3.10.4-1, §4.8.2] a shared subscription is removed by its whole text', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['$share/g/a', 'a']);
  expect((await bob.unsubscribe(['$share/h/a', '$share/g/+'])).reasonCodes).toEqual([0x11, 0x11]);
  expect((await bob.unsubscribe('a')).reasonCodes).toEqual([0]);
  const alice = await connect('alice');
  await alice.publish('a', 'shared');
  expect(textsIn(await bob.receiveAll())).toEqual(['shared']);
  expect((await bob.unsubscribe('$share/g/a')).reasonCodes).toEqual([0]);
  await alice.publish('a', 'nobody');
  await bob.expectNothing();
});

test('[MQTT-3.10.4-2] after UNSUBSCRIBE no new message comes, though other packets are on their way', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['a', 'b'], { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'before', { qos: 1 });
  await bob.receiveMessage();
  bob.send({ type: 'unsubscribe', packetId: 5, filters: ['a'] });
  await bob.settle();
  await alice.publish('a', 'after', { qos: 1 });
  await alice.publish('b', 'other', { qos: 1 });
  await bob.expect('unsuback', { packetId: 5, reasonCodes: [0] });
  expect(textsIn(await bob.receiveAll())).toEqual(['other']);
});

test('[MQTT-3.10.4-2] after UNSUBSCRIBE nothing waits for a client that goes away', async () => {
  const { connect, broker } = world();
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  await bob.unsubscribe('a');
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1 });
  expect(broker.session('bob')?.queued).toBe(0);
  await (await connect(durable)).expectNothing();
});

test('[MQTT-3.10.4-2] UNSUBSCRIBE stops the retained messages that were still to come', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const topic of ['a', 'b', 'c']) await alice.publish(topic, topic, { retain: true, qos: 1 });
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('+', { qos: 1 });
  const first = await bob.expect('publish');
  await bob.unsubscribe('+');
  await bob.ack(first);
  await bob.expectNothing();
});

test('[MQTT-3.10.4-3] what was begun is finished after UNSUBSCRIBE: QoS 1', async () => {
  const { connect, broker } = world();
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 1 });
  const { packetId } = await bob.expect('publish');
  await bob.unsubscribe('a');
  await bob.drop();
  const again = await connect(durable);
  const message = await again.expect('publish', { packetId, dup: true });
  await again.ack(message);
  expect(broker.session('bob')?.inflight).toBe(0);
});

test('[MQTT-3.10.4-3] what was begun is finished after UNSUBSCRIBE: QoS 2', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  const { packetId } = await bob.expect('publish');
  await bob.unsubscribe('a');
  bob.send({ type: 'pubrec', packetId });
  await bob.expect('pubrel', { packetId, reasonCode: 0 });
  bob.send({ type: 'pubcomp', packetId });
  await bob.expectNothing();
  expect(broker.session('bob')?.inflight).toBe(0);
});

test('[§3.10.4] (open) what waited when UNSUBSCRIBE came is still delivered', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'in flight', { qos: 1 });
  await alice.publish('a', 'waiting', { qos: 1 });
  const first = await bob.expect('publish');
  await bob.unsubscribe('a');
  await bob.ack(first);
  expect((await bob.receiveMessage()).text).toBe('waiting');
});

test('[MQTT-3.10.4-4, MQTT-3.10.4-5] every UNSUBSCRIBE gets one UNSUBACK with its packet identifier, whatever it removed', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a');
  for (const [packetId, code] of [
    [1, 0],
    [65_535, 0x11],
    [65_535, 0x11],
  ] as const) {
    bob.send({ type: 'unsubscribe', packetId, filters: ['a'] });
    await bob.expect('unsuback', { packetId, reasonCodes: [code] });
    await bob.expectNothing();
  }
});

test('[MQTT-3.10.4-6] many filters in one UNSUBSCRIBE are removed one after another', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  await bob.subscribe(['a', 'b', 'c']);
  const unsuback = await bob.unsubscribe(['c', 'a', 'a']);
  expect(unsuback.reasonCodes).toEqual([0, 0, 0x11]);
  expect(broker.subscriptions('bob').map(({ filter }) => filter)).toEqual(['b']);
});

test('[MQTT-3.11.3-1, MQTT-3.11.3-2] UNSUBACK has a code of its table for each filter, in their order', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe(['a', 'b', 'c']);
  const unsuback = await bob.unsubscribe(['x', 'b', 'y', 'a', 'c', 'z']);
  expect(unsuback.reasonCodes).toEqual([0x11, 0, 0x11, 0, 0, 0x11]);
});

test('[MQTT-3.10.4-5] (open) a filter that nobody could subscribe to is one that did not exist: 0x11', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  const unsuback = await bob.unsubscribe(['a#', '$share/g', 'a/+b', '']);
  expect(unsuback.reasonCodes).toEqual([0x11, 0x11, 0x11, 0x11]);
});

test('[MQTT-3.11.2-1, MQTT-3.11.2-2] UNSUBACK has neither Reason String nor User Properties, so none makes it too large', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { maximumPacketSize: 20 } });
  await bob.subscribe('a');
  const unsuback = await bob.unsubscribe(['a', 'b'], {
    properties: { userProperties: [['x'.repeat(50), 'y']] },
  });
  expect(unsuback).toMatchObject({ reasonCodes: [0, 0x11], properties: {} });
});
