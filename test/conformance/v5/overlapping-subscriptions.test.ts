import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { messagesIn } from '../messages.ts';

test.each([
  { granted: [0, 1, 2], published: 2, delivered: 2 },
  { granted: [2, 0, 1], published: 2, delivered: 2 },
  { granted: [0, 1, 0], published: 2, delivered: 1 },
  { granted: [0, 2, 1], published: 1, delivered: 1 },
  { granted: [0, 0, 0], published: 2, delivered: 0 },
] as const)(
  '[MQTT-3.3.4-2] one copy at the highest QoS: granted $granted, published $published, delivered $delivered',
  async ({ granted, published, delivered }) => {
    const { connect } = world();
    const bob = await connect('bob');
    const [exact, plus, hash] = granted;
    await bob.subscribe([
      { filter: 'a/b', qos: exact },
      { filter: 'a/+', qos: plus },
      { filter: '#', qos: hash },
    ]);
    const alice = await connect('alice');
    await alice.publish('a/b', 'x', { qos: published });
    const message = await bob.receiveMessage();
    expect(message).toMatchObject({ qos: delivered });
    await bob.expectNothing();
  },
);

test('[MQTT-3.3.4-2, MQTT-3.3.4-5] copy-per-filter sends one copy for each match, with its own QoS and identifier', async () => {
  const { connect } = world({ overlappingSubscriptions: 'copy-per-filter' });
  const bob = await connect('bob');
  await bob.subscribe({ filter: 'a/b', qos: 0 }, { properties: { subscriptionIdentifier: 1 } });
  await bob.subscribe({ filter: 'a/+', qos: 1 }, { properties: { subscriptionIdentifier: 2 } });
  await bob.subscribe({ filter: '#', qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a/b', 'x', { qos: 2 });
  const copies = messagesIn(await bob.receiveAll()).map(({ qos, properties }) => ({ qos, properties }));
  const byQoS = copies.toSorted((one, other) => one.qos - other.qos);
  expect(byQoS).toEqual([
    { qos: 0, properties: { subscriptionIdentifiers: [1] } },
    { qos: 1, properties: { subscriptionIdentifiers: [2] } },
    { qos: 2, properties: {} },
  ]);
});

test('[MQTT-3.3.4-5, MQTT-3.3.1-13, MQTT-3.8.3-3] copy-per-filter keeps Retain As Published and No Local to each copy', async () => {
  const { connect } = world({ overlappingSubscriptions: 'copy-per-filter' });
  const alice = await connect('alice');
  await alice.subscribe(
    { filter: 'a', retainAsPublished: true },
    { properties: { subscriptionIdentifier: 1 } },
  );
  await alice.subscribe({ filter: '+' }, { properties: { subscriptionIdentifier: 2 } });
  await alice.subscribe({ filter: '#', noLocal: true }, { properties: { subscriptionIdentifier: 3 } });
  await alice.publish('a', 'x', { retain: true });
  const copies = messagesIn(await alice.receiveAll()).map(({ retain, properties }) => [
    properties.subscriptionIdentifiers,
    retain,
  ]);
  expect(copies).toHaveLength(2);
  expect(copies).toContainEqual([[1], true]);
  expect(copies).toContainEqual([[2], false]);
});

test('[MQTT-3.3.4-2] in MQTT 3.1.1 too one copy comes, at the highest QoS', async () => {
  const { connect } = world();
  const bob = await connect({ clientId: 'bob', protocolVersion: 4 });
  await bob.subscribe([
    { filter: 'a/b', qos: 0 },
    { filter: 'a/#', qos: 1 },
  ]);
  const alice = await connect('alice');
  await alice.publish('a/b', 'x', { qos: 2 });
  await bob.expect('publish', { qos: 1 });
  await bob.expectNothing();
});

test('[MQTT-3.3.4-2] overlapping subscriptions of different clients are none of each other’s business', async () => {
  const { connect } = world();
  const low = await connect('low');
  await low.subscribe('a/b', { qos: 0 });
  const high = await connect('high');
  await high.subscribe('a/+', { qos: 2 });
  const alice = await connect('alice');
  await alice.publish('a/b', 'x', { qos: 2 });
  await low.expect('publish', { qos: 0 });
  await high.expect('publish', { qos: 2 });
});

test('[MQTT-3.3.4-2] when one of overlapping subscriptions goes, the others rule', async () => {
  const { connect } = world();
  const bob = await connect('bob');
  await bob.subscribe([
    { filter: 'a', qos: 2 },
    { filter: '+', qos: 1 },
  ]);
  const alice = await connect('alice');
  await alice.publish('a', 'x', { qos: 2 });
  expect(await bob.receiveMessage()).toMatchObject({ qos: 2 });
  await bob.unsubscribe('a');
  await alice.publish('a', 'x', { qos: 2 });
  expect(await bob.receiveMessage()).toMatchObject({ qos: 1 });
});
