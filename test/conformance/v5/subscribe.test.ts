import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { numbered, textsIn } from '../messages.ts';

test.each(['80', '81', '83', '8a'])(
  '[MQTT-3.8.1-1] SUBSCRIBE with a first byte of %s is malformed',
  async (firstByte) => {
    const { connect } = world();
    const bob = await connect('bob');
    bob.sendBytes(`${firstByte} 07 00 01 00 00 01 61 00`);
    await bob.expectDisconnect(0x81);
  },
);

test('[MQTT-3.8.3-1] a filter that is not UTF-8 is malformed', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('82 08 00 01 00 00 02 c0 80 00');
  await bob.expectDisconnect(0x81);
});

test('[MQTT-3.8.3-2] a SUBSCRIBE without a filter is a protocol error', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('82 03 00 01 00');
  await bob.expectDisconnect(0x82);
});

test('[MQTT-3.8.3-2] a filter without options is malformed', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('82 06 00 01 00 00 01 61');
  await bob.expectDisconnect(0x81);
});

test.each(['40', '80', 'c0'])(
  '[MQTT-3.8.3-5] options with a reserved bit set are malformed: %s',
  async (options) => {
    const { connect, broker } = world();
    const bob = await connect('bob');
    // The filter "a" with fine options, then "b".
    bob.sendBytes(`82 0b 00 01 00 00 01 61 00 00 01 62 ${options}`);
    await bob.expectDisconnect(0x81);
    expect(broker.counters().subscriptions).toBe(0);
  },
);

test('[§3.8.3.1] a Maximum QoS of 3 in SUBSCRIBE is a protocol error', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  bob.sendBytes('82 07 00 01 00 00 01 61 03');
  await bob.expectDisconnect(0x82);
});

test('[MQTT-3.8.4-1, MQTT-3.8.4-2] every SUBSCRIBE gets one SUBACK, with its packet identifier', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  for (const packetId of [1, 65_535, 300, 300]) {
    bob.send({ type: 'subscribe', packetId, subscriptions: ['a'] });
    await bob.expect('suback', { packetId, reasonCodes: [0] });
    await bob.expectNothing();
  }
});

test('[MQTT-3.8.4-3] subscribing again replaces the granted QoS, up and down', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  const alice = await connect('alice');
  for (const qos of [1, 2, 0, 1] as const) {
    await bob.subscribe('a', { qos });
    await alice.publish('a', 'x', { qos: 2 });
    expect(await bob.receiveMessage()).toMatchObject({ qos });
    await bob.expectNothing();
  }
  expect(broker.subscriptions('bob')).toHaveLength(1);
});

test('[MQTT-3.8.4-3] a filter that only differs in case or in a slash is another subscription', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  for (const filter of ['a', 'A', 'a/', '/a']) await bob.subscribe(filter);
  expect(broker.subscriptions('bob').map(({ filter }) => filter)).toEqual(['a', 'A', 'a/', '/a']);
});

test('[MQTT-3.8.4-4] replacing a subscription with Retain Handling 0 sends the retained messages again', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.publish('a', 'retained', { retain: true });
  const bob = await connect('bob');
  for (let time = 0; time < 2; time++) {
    await bob.subscribe('a');
    expect(textsIn(await bob.receiveAll())).toEqual(['retained']);
  }
});

test('[MQTT-3.8.4-4] no message is lost or doubled while a subscription is replaced', async () => {
  const { connect } = world({}, { arrivals: 'mixed', seed: 'replacing' });
  const bob = await connect('bob');
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  for (const text of numbered('m', 50)) {
    alice.publishOnly('a', text, { qos: 1 });
    bob.send({ type: 'subscribe', packetId: 9, subscriptions: [{ filter: 'a', qos: 1, retainHandling: 2 }] });
  }
  expect(textsIn(await bob.receiveAll())).toEqual(numbered('m', 50));
});

test('[MQTT-3.8.4-4] with a new, lower QoS the retained messages still to come have it too', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const topic of ['a', 'b', 'c']) await alice.publish(topic, topic, { retain: true, qos: 1 });
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('+', { qos: 1, properties: { subscriptionIdentifier: 1 } });
  const first = await bob.expect('publish', { qos: 1 });
  await bob.subscribe('+', { qos: 0, properties: { subscriptionIdentifier: 2 } });
  await bob.ack(first);
  for (const text of ['a', 'b', 'c']) {
    const message = await bob.expect('publish', { qos: 0, properties: { subscriptionIdentifiers: [2] } });
    expect(new TextDecoder().decode(message.payload)).toBe(text);
  }
  await bob.expectNothing();
});

test('[MQTT-3.8.4-3] a replacement that asks for no retained messages keeps those still to come, at its own QoS', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const topic of ['a', 'b', 'c']) await alice.publish(topic, topic, { retain: true, qos: 1 });
  const bob = await connect({ clientId: 'bob', properties: { receiveMaximum: 1 } });
  await bob.subscribe('+', { qos: 1 });
  const first = await bob.expect('publish', { topic: 'a', qos: 1 });
  await bob.subscribe('+', { qos: 0, retainHandling: 1 });
  await bob.ack(first);
  for (const topic of ['b', 'c']) await bob.expect('publish', { topic, qos: 0, retain: true });
  await bob.expectNothing();
});

test('[MQTT-3.8.4-5] many filters in one SUBSCRIBE are as many subscriptions, the last of equal ones counting', async () => {
  const { connect, broker } = world();
  const bob = await connect('bob');
  const suback = await bob.subscribe([
    { filter: 'a', qos: 2 },
    { filter: 'b/#', qos: 1 },
    { filter: 'a', qos: 0 },
  ]);
  expect(suback.reasonCodes).toEqual([2, 1, 0]);
  expect(broker.subscriptions('bob')).toMatchObject([
    { filter: 'a', qos: 0 },
    { filter: 'b/#', qos: 1 },
  ]);
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  expect(await bob.receiveMessage()).toMatchObject({ qos: 0 });
  await bob.expectNothing();
});

test.each([0, 1, 2] as const)(
  '[MQTT-3.8.4-8] messages come at the lower of their own QoS and the granted QoS %i',
  async (granted) => {
    const { connect } = world();
    const bob = await connect('bob');
    await bob.subscribe('a', { qos: granted });
    const alice = await connect('alice');
    for (const qos of [0, 1, 2] as const) {
      await alice.publish('a', 'x', { qos });
      expect(await bob.receiveMessage()).toMatchObject({ qos: Math.min(qos, granted) });
    }
  },
);
