import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { textsIn } from '../messages.ts';

test.each([0, 1, 2] as const)(
  '[MQTT-3.8.3-3] with No Local a client does not get what it published itself, at QoS %i',
  async (qos) => {
    const { connect } = world();
    const alice = await connect('alice');
    await alice.subscribe('a', { qos, noLocal: true });
    await alice.publish('a', 'mine', { qos });
    await alice.expectNothing();
    const bob = await connect('bob');
    await bob.publish('a', 'his', { qos });
    expect((await alice.receiveMessage()).text).toBe('his');
  },
);

test('[MQTT-3.8.3-3] without No Local a client gets what it published itself', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.subscribe('a');
  await alice.publish('a', 'mine');
  expect(textsIn(await alice.receiveAll())).toEqual(['mine']);
});

test('[MQTT-3.8.3-3] No Local compares client ids, not connections: a Will is one’s own too', async () => {
  const { connect } = world();
  const durable = { clientId: 'alice', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const alice = await connect({ ...durable, will: { topic: 'a', payload: 'will of alice', qos: 1 } });
  await alice.subscribe('a', { qos: 1, noLocal: true });
  const bob = await connect('bob');
  await bob.subscribe('a');
  await alice.drop();
  expect(textsIn(await bob.receiveAll())).toEqual(['will of alice']);
  await (await connect(durable)).expectNothing();
});

test('[MQTT-3.8.3-3] No Local holds for what was published before the connection was taken over', async () => {
  const { connect } = world();
  const durable = { clientId: 'alice', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
  const alice = await connect(durable);
  await alice.subscribe('a', { qos: 1, noLocal: true });
  alice.publishOnly('a', 'mine', { qos: 1 });
  const again = await connect(durable);
  await again.expectNothing();
  await again.publish('a', 'mine as well', { qos: 1 });
  await again.expectNothing();
});

test('[MQTT-3.8.3-3] the host publishes as nobody: No Local holds back nothing of it', async () => {
  const { connect, broker, laboratory } = world();
  const alice = await connect('alice');
  await alice.subscribe('a', { noLocal: true });
  await Promise.all([broker.publish('a', 'from the host'), laboratory.settle()]);
  expect(textsIn(await alice.receiveAll())).toEqual(['from the host']);
});

test('[§3.8.3.1] (open) No Local on one of overlapping subscriptions does not mute the others', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.subscribe(
    { filter: 'a', noLocal: true, qos: 2 },
    { properties: { subscriptionIdentifier: 1 } },
  );
  await alice.subscribe({ filter: '+', qos: 1 }, { properties: { subscriptionIdentifier: 2 } });
  await alice.publish('a', 'mine', { qos: 2 });
  // Only the other subscription counts: its QoS, its identifier.
  await alice.expect('publish', { qos: 1, properties: { subscriptionIdentifiers: [2] } });
  await alice.expectNothing();

  const bob = await connect('bob');
  await bob.publish('a', 'his', { qos: 2 });
  const { properties } = await alice.expect('publish', { qos: 2 });
  expect(properties.subscriptionIdentifiers?.toSorted()).toEqual([1, 2]);
  await alice.expectNothing();
});

test('[§3.8.3.1] (open) a message that only No Local kept from its one subscriber had none: 0x10', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  await alice.subscribe('a', { qos: 1, noLocal: true });
  const puback = await alice.publish('a', 'mine', { qos: 1 });
  expect(puback.reasonCode).toBe(0x10);
});

test('[MQTT-3.8.3-4] No Local on a shared subscription is a protocol error', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  alice.send({
    type: 'subscribe',
    packetId: 1,
    subscriptions: ['fine', { filter: '$share/g/a', noLocal: true }],
  });
  await alice.expectDisconnect(0x82);
});

test('[MQTT-3.8.4-3, MQTT-3.8.3-3] subscribing again turns No Local on and off', async () => {
  const { connect } = world();
  const alice = await connect('alice');
  for (const noLocal of [false, true, false]) {
    await alice.subscribe('a', { noLocal });
    await alice.publish('a', 'mine');
    expect(textsIn(await alice.receiveAll())).toEqual(noLocal ? [] : ['mine']);
  }
});
