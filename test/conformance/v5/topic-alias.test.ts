import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { messagesIn, textsIn } from '../messages.ts';

test('[MQTT-3.3.2-12] the broker takes every alias from 1 to the maximum that it announced', async () => {
  const { connect } = world({ limits: { topicAliasMaximum: 5 } });
  const bob = await connect('bob');
  await bob.subscribe('#');
  const alice = await connect('alice');
  expect(alice.connack.properties.topicAliasMaximum).toBe(5);
  for (let alias = 1; alias <= 5; alias++) {
    await alice.publish(`topic/${alias}`, 'set', { properties: { topicAlias: alias } });
  }
  for (let alias = 5; alias >= 1; alias--)
    await alice.publish('', 'used', { properties: { topicAlias: alias } });
  const topics = messagesIn(await bob.receiveAll()).map(({ topic }) => topic);
  const inOrder = [1, 2, 3, 4, 5].map((alias) => `topic/${alias}`);
  expect(topics).toEqual([...inOrder, ...inOrder.toReversed()]);
});

test('[§3.3.2.3.4] an alias can be set to another topic', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('#');
  const alice = await connect('alice');
  for (const topic of ['one', '', 'two', ''])
    await alice.publish(topic, 'x', { properties: { topicAlias: 1 } });
  const topics = messagesIn(await bob.receiveAll()).map(({ topic }) => topic);
  expect(topics).toEqual(['one', 'one', 'two', 'two']);
});

test('[MQTT-3.3.2-8] Topic Alias 0 ends the connection with 0x94', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('30 08 00 01 61 03 23 00 00 78');
  await alice.expectDisconnect(0x94);
});

test.each([
  { maximum: 5, alias: 6 },
  { maximum: 0, alias: 1 },
])(
  '[MQTT-3.3.2-9] an alias above the announced maximum ends the connection with 0x94: $alias with $maximum',
  async ({ maximum, alias }) => {
    const { connect } = world({ limits: { topicAliasMaximum: maximum } });
    const alice = await connect('alice');
    alice.publishOnly('a', 'x', { properties: { topicAlias: alias } });
    await alice.expectDisconnect(0x94);
  },
);

test('[§3.3.4] an alias that was never set, without a topic, is a protocol error', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.publishOnly('', 'x', { properties: { topicAlias: 3 } });
  await alice.expectDisconnect(0x82);
});

test('[MQTT-4.7.3-1, §3.3.2.1] neither topic nor alias is a protocol error', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('30 04 00 00 00 78');
  await alice.expectDisconnect(0x82);
});

test('[§3.3.2.3.4] two Topic Aliases in one PUBLISH are a protocol error', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.sendBytes('30 0b 00 01 61 06 23 00 01 23 00 02 78');
  await alice.expectDisconnect(0x82);
});

test('[MQTT-3.3.2-7] aliases end with their connection, though the session goes on', async () => {
  const { connect } = world();
  const durable = { clientId: 'alice', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const alice = await connect(durable);
  await alice.publish('a', 'x', { properties: { topicAlias: 1 } });
  await alice.end();
  const again = await connect(durable);
  expect(again.connack.sessionPresent).toBe(true);
  again.publishOnly('', 'x', { properties: { topicAlias: 1 } });
  await again.expectDisconnect(0x82);
});

test('[MQTT-3.3.2-7] each connection has aliases of its own', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('#');
  const alice = await connect('alice');
  const carol = await connect('carol');
  await alice.publish('alice', 'x', { properties: { topicAlias: 1 } });
  await carol.publish('carol', 'x', { properties: { topicAlias: 1 } });
  await alice.publish('', 'x', { properties: { topicAlias: 1 } });
  const topics = messagesIn(await bob.receiveAll()).map(({ topic }) => topic);
  expect(topics).toEqual(['alice', 'carol', 'alice']);
});

test('[MQTT-3.3.2-7] what is retained, queued or willed has its whole topic, whatever alias it came by', async () => {
  const { connect } = world();
  const durable = { clientId: 'bob', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const bob = await connect(durable);
  await bob.subscribe('long/topic', { qos: 1 });
  await bob.disconnect();
  const alice = await connect('alice');
  await alice.publish('long/topic', 'first', { qos: 1, properties: { topicAlias: 1 } });
  await alice.publish('', 'second', { qos: 1, retain: true, properties: { topicAlias: 1 } });

  const again = await connect(durable);
  const waiting = messagesIn(await again.receiveAll());
  expect(waiting.map(({ topic, properties }) => [topic, properties])).toEqual([
    ['long/topic', {}],
    ['long/topic', {}],
  ]);
  const carol = await connect('carol');
  await carol.subscribe('#');
  await carol.expect('publish', { topic: 'long/topic', properties: {}, retain: true });
});

test('[§3.3.4] (open) an alias is set even by a PUBLISH that is refused', async () => {
  const { connect, broker } = world();
  let isAllowed = false;
  broker.use({ name: 'gate', hooks: { authorizePublish: () => isAllowed } });
  const bob = await connect('bob');
  await bob.subscribe('#');
  const alice = await connect('alice');
  const refused = await alice.publish('a', 'refused', { qos: 1, properties: { topicAlias: 1 } });
  expect(refused.reasonCode).toBe(0x87);
  isAllowed = true;
  await alice.publish('', 'taken', { properties: { topicAlias: 1 } });
  await bob.expect('publish', { topic: 'a' });
});

test('[MQTT-3.3.2-11] a client that allows no alias gets none', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe('a');
  const alice = await connect('alice');
  for (let count = 0; count < 3; count++) {
    await alice.publish('a', 'x', { properties: { topicAlias: 1 } });
    await bob.expect('publish', { topic: 'a', properties: {} });
  }
});

test('[MQTT-3.3.2-11] a client gets aliases from 1 to its maximum, and whole topics beyond', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { topicAliasMaximum: 2 } });
  await bob.subscribe('#');
  const alice = await connect('alice');
  for (const topic of ['one', 'two', 'three', 'three', 'two', 'one']) await alice.publish(topic, 'x');
  const seen = messagesIn(await bob.receiveAll()).map(({ topic, properties }) => [
    topic,
    properties.topicAlias,
  ]);
  expect(seen).toEqual([
    ['one', 1],
    ['two', 2],
    ['three', undefined],
    ['three', undefined],
    ['', 2],
    ['', 1],
  ]);
});

test('[MQTT-3.3.2-7] a client gets the topic anew on its next connection', async () => {
  const { connect } = world();
  const durable = {
    clientId: 'bob',
    cleanStart: false,
    properties: { sessionExpiryInterval: 60, topicAliasMaximum: 5 },
  };
  const bob = await connect(durable);
  await bob.subscribe('a', { qos: 1 });
  const alice = await connect('alice');
  await alice.publish('a', 'acknowledged', { qos: 1 });
  await bob.receiveMessage();
  await alice.publish('a', 'in flight', { qos: 1 });
  await bob.expect('publish', { topic: '', properties: { topicAlias: 1 } });
  await bob.drop();

  const again = await connect(durable);
  await again.expect('publish', { topic: 'a', dup: true, properties: { topicAlias: 1 } });
  const without = await connect({ ...durable, properties: { sessionExpiryInterval: 60 } });
  await without.expect('publish', { topic: 'a', dup: true, properties: {} });
});

test('[MQTT-3.3.2-11] receivers of one message get each their own alias or topic', async () => {
  const { connect } = world();
  const plain = await connect('plain');
  const aliased = await connect({ clientId: 'aliased', properties: { topicAliasMaximum: 1 } });
  const old = await connect({ clientId: 'old', protocolVersion: 4 });
  for (const client of [plain, aliased, old]) await client.subscribe('a');
  const alice = await connect('alice');
  await alice.publish('a', 'first');
  await alice.publish('a', 'second');
  const seen = async (client: typeof plain) =>
    messagesIn(await client.receiveAll()).map(({ topic, properties }) => [topic, properties.topicAlias]);
  expect(await seen(plain)).toEqual([
    ['a', undefined],
    ['a', undefined],
  ]);
  expect(await seen(aliased)).toEqual([
    ['a', 1],
    ['', 1],
  ]);
  expect(await seen(old)).toEqual([
    ['a', undefined],
    ['a', undefined],
  ]);
});

test('[MQTT-3.1.2-25, §3.3.2.3.4] a message that was too large to be sent has set no alias', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { topicAliasMaximum: 5, maximumPacketSize: 50 } });
  await bob.subscribe('some/topic');
  const alice = await connect('alice');
  await alice.publish('some/topic', 'x'.repeat(60));
  await alice.publish('some/topic', 'small');
  const [message] = messagesIn(await bob.receiveAll());
  expect(message).toMatchObject({ topic: 'some/topic', properties: { topicAlias: 1 } });
});

test('[MQTT-3.1.2-24, §3.3.2.3.4] a message that only an alias makes too large is sent without one', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', properties: { topicAliasMaximum: 5, maximumPacketSize: 20 } });
  await bob.subscribe('abc');
  const alice = await connect('alice');
  // 2 bytes of fixed header, 5 of topic, 1 of property length, 12 of payload; an alias would take 3 more.
  await alice.publish('abc', 'x'.repeat(12));
  await bob.expect('publish', { topic: 'abc', properties: {} });
  await alice.publish('abc', 'small');
  await bob.expect('publish', { topic: 'abc', properties: { topicAlias: 1 } });
  // With the alias known, the packet is the same size: 2, 2, 4 and 12.
  await alice.publish('abc', 'y'.repeat(12));
  expect(textsIn(await bob.receiveAll())).toEqual(['y'.repeat(12)]);
});
