import { expect, test } from 'vitest';
import { numbered, textsIn } from '../messages.ts';
import { world311 } from './world311.ts';

const kept = { clientId: 'alice', cleanStart: false };
const clean = { clientId: 'alice', cleanStart: true };
const day = 86_400_000;

test('[v3:MQTT-3.1.2-4] [v3:MQTT-4.1.0-1] CleanSession 0 keeps the subscriptions for the next connection', async () => {
  const { connect, laboratory } = world311();
  const alice = await connect(kept);
  await alice.subscribe('news', { qos: 1 });
  await alice.disconnect();
  await laboratory.advance(365 * day);
  const again = await connect(kept);
  expect(again.connack.sessionPresent).toBe(true);
  await (await connect('bob')).publish('news', 'hello');
  expect((await again.receiveMessage()).text).toBe('hello');
});

test('[v3:MQTT-3.1.2-5] [v3:MQTT-4.1.0-1] [v3:MQTT-4.5.0-1] QoS 1 and 2 messages wait for a client that is away, in order', async () => {
  const { connect, laboratory } = world311();
  const alice = await connect(kept);
  await alice.subscribe('news', { qos: 2 });
  await alice.drop();
  const bob = await connect('bob');
  const texts = numbered('m', 10);
  for (const [index, text] of texts.entries())
    await bob.publish('news', text, { qos: index % 2 === 0 ? 1 : 2 });
  await laboratory.advance(30 * day);
  const again = await connect(kept);
  const received = await again.receiveAll();
  expect(textsIn(received)).toEqual(texts);
});

test('[v3:MQTT-3.1.2-5] QoS 0 messages do not wait where the host has not asked for it', async () => {
  for (const queueQoS0 of [false, true]) {
    const { connect } = world311({ queueQoS0 });
    const alice = await connect(kept);
    await alice.subscribe('news', { qos: 1 });
    await alice.drop();
    await (await connect('bob')).publish('news', 'fleeting');
    const again = await connect(kept);
    expect(textsIn(await again.receiveAll())).toEqual(queueQoS0 ? ['fleeting'] : []);
  }
});

test('[v3:MQTT-3.1.2-6] CleanSession 1 throws the old session away: subscriptions, queue and all', async () => {
  const { connect } = world311();
  const alice = await connect(kept);
  await alice.subscribe('news', { qos: 1 });
  await alice.drop();
  const bob = await connect('bob');
  await bob.publish('news', 'queued', { qos: 1 });
  const cleaned = await connect(clean);
  await bob.publish('news', 'live', { qos: 1 });
  await cleaned.expectNothing();
});

test('[v3:MQTT-3.1.2-6] a session of CleanSession 1 ends with its connection and is never resumed', async () => {
  const { connect, broker } = world311();
  const alice = await connect(clean);
  await alice.subscribe('news', { qos: 1 });
  await alice.drop();
  expect(broker.session('alice')).toBeUndefined();
  const again = await connect(kept);
  expect(again.connack.sessionPresent).toBe(false);
  await (await connect('bob')).publish('news', 'live', { qos: 1 });
  await again.expectNothing();
});

test('[v3:MQTT-3.1.2-6] identifiers of QoS 2 messages are forgotten with the session', async () => {
  const { connect } = world311();
  const bob = await connect('bob');
  await bob.subscribe('news');
  const alice = await connect(kept);
  alice.send({ type: 'publish', topic: 'news', payload: 'one', qos: 2, packetId: 5 });
  await alice.expect('pubrec');
  await alice.drop();
  const cleaned = await connect(clean);
  cleaned.send({ type: 'publish', topic: 'news', payload: 'two', qos: 2, packetId: 5, dup: true });
  await cleaned.expect('pubrec');
  expect(textsIn(await bob.receiveAll())).toEqual(['one', 'two']);
});

test('[v3:MQTT-3.1.2-4] a session that was resumed with CleanSession 0 after CleanSession 1 is new and is kept', async () => {
  const { connect } = world311();
  await (await connect(clean)).disconnect();
  const first = await connect(kept);
  expect(first.connack.sessionPresent).toBe(false);
  await first.disconnect();
  expect((await connect(kept)).connack.sessionPresent).toBe(true);
});

test('[v3:MQTT-3.1.2-7] retained messages do not go with the session of their publisher', async () => {
  const { connect } = world311();
  const alice = await connect(clean);
  await alice.publish('status', 'kept', { qos: 1, retain: true });
  await alice.disconnect();
  await (await connect(clean)).disconnect();
  const bob = await connect('bob');
  await bob.subscribe('status');
  expect(await bob.receiveMessage()).toMatchObject({ text: 'kept', retain: true });
});

test('[v3:MQTT-4.1.0-2] a session lives while its connection is open, however long nothing is said', async () => {
  const { connect, laboratory } = world311();
  const alice = await connect(clean);
  await alice.subscribe('news', { qos: 1 });
  await laboratory.advance(365 * day);
  await (await connect('bob')).publish('news', 'late', { qos: 1 });
  expect((await alice.receiveMessage()).text).toBe('late');
});

test('[v3:MQTT-4.1.0-1] what the client has not released of its QoS 2 messages is kept with the session', async () => {
  const { connect } = world311();
  const bob = await connect('bob');
  await bob.subscribe('news');
  const alice = await connect(kept);
  alice.send({ type: 'publish', topic: 'news', payload: 'once', qos: 2, packetId: 5 });
  await alice.expect('pubrec');
  await alice.drop();
  const again = await connect(kept);
  again.send({ type: 'publish', topic: 'news', payload: 'once', qos: 2, packetId: 5, dup: true });
  await again.expect('pubrec', { packetId: 5 });
  expect(textsIn(await bob.receiveAll())).toEqual(['once']);
});
