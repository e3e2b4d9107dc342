import { expect, test } from 'vitest';
import { type BrokerWorld, world } from '../broker.ts';

const kept = { clientId: 'kept', cleanStart: false, properties: { sessionExpiryInterval: 60 } };

/** A session with a subscription, a message in flight, one that waits, and an open QoS 2 identifier. */
async function leaveSession({ connect }: BrokerWorld): Promise<void> {
  const client = await connect(kept);
  await client.subscribe('a', { qos: 2 });
  client.publishOnly('elsewhere', 'half', { qos: 2, packetId: 77 });
  await client.take('pubrec', { packetId: 77 });
  const publisher = await connect('publisher');
  await publisher.publish('a', 'in flight', { qos: 1 });
  await client.expect('publish');
  await client.drop();
  await publisher.publish('a', 'waiting', { qos: 1 });
}

test('[MQTT-3.1.2-5] [MQTT-3.2.2-3] Clean Start 0 carries on from the stored session', async () => {
  const place = world();
  await leaveSession(place);
  const client = await place.connect(kept);
  expect(client.connack.sessionPresent).toBe(true);
  expect(await client.receiveMessage()).toMatchObject({ text: 'in flight', dup: true });
  expect(await client.receiveMessage()).toMatchObject({ text: 'waiting', dup: false });
  client.send({ type: 'pubrel', packetId: 77 });
  await client.expect('pubcomp', { packetId: 77, reasonCode: 0 });
  await (await place.connect('publisher')).publish('a', 'live', { qos: 1 });
  expect((await client.receiveMessage()).text).toBe('live');
});

test('[MQTT-3.1.2-4] [MQTT-3.2.2-2] [MQTT-3.1.4-4] Clean Start 1 throws the stored session away, all of it', async () => {
  const place = world();
  await leaveSession(place);
  const client = await place.connect({ ...kept, cleanStart: true });
  expect(client.connack).toMatchObject({ sessionPresent: false, reasonCode: 0 });
  await client.expectNothing();
  expect(place.broker.subscriptions('kept')).toEqual([]);
  client.send({ type: 'pubrel', packetId: 77 });
  await client.expect('pubcomp', { packetId: 77, reasonCode: 0x92 });
});

test('[MQTT-3.1.2-4] what Clean Start 1 threw away does not come back later', async () => {
  const place = world();
  await leaveSession(place);
  await (await place.connect({ ...kept, cleanStart: true })).disconnect();
  const client = await place.connect(kept);
  expect(client.connack.sessionPresent).toBe(true);
  await client.expectNothing();
  expect(place.broker.subscriptions('kept')).toEqual([]);
});

test('[MQTT-3.1.2-6] [MQTT-3.2.2-3] Clean Start 0 without a stored session begins a new one', async () => {
  const { connect, broker } = world();
  const client = await connect(kept);
  expect(client.connack).toMatchObject({ sessionPresent: false, reasonCode: 0 });
  expect(broker.session('kept')).toBeDefined();
});

test('[MQTT-3.2.2-3] [§4.1] an empty session is state too: Session Present is 1', async () => {
  const { connect } = world();
  await (await connect(kept)).disconnect();
  expect((await connect(kept)).connack.sessionPresent).toBe(true);
});

test('[MQTT-3.1.2-4] [§4.1] retained messages are no part of the session: Clean Start 1 leaves them', async () => {
  const { connect } = world();
  const client = await connect(kept);
  await client.publish('r', 'stays', { qos: 1, retain: true });
  await client.disconnect();
  const again = await connect({ ...kept, cleanStart: true });
  await again.subscribe('r');
  expect(await again.receiveMessage()).toMatchObject({ text: 'stays', retain: true });
});
