import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { connectBytes, RawClient } from '../wire.ts';

test('[MQTT-3.2.2-1] all bits of the CONNACK flags but Session Present are zero', async () => {
  const place = world();
  const flags: (string | undefined)[] = [];
  // Two bytes of fixed header, then the flags: 00, after a resume 01.
  const properties = [5, 0x11, 0, 0, 0, 60];
  for (const cleanStart of [0x02, 0x00]) {
    const raw = new RawClient(place);
    const said = await raw.say(connectBytes({ flags: cleanStart, properties }));
    flags.push(said.split(' ')[2]);
  }
  expect(flags).toEqual(['00', '01']);
});

test('[MQTT-3.2.2-9] CONNACK has the Maximum QoS where it is below 2, and does not where it is 2', async () => {
  for (const maximumQoS of [0, 1, 2] as const) {
    const { connect } = world({ maximumQoS });
    const { properties } = (await connect()).connack;
    expect(properties.maximumQoS).toBe(maximumQoS === 2 ? undefined : maximumQoS);
  }
});

test('[MQTT-3.2.2-10] with a lower Maximum QoS, SUBSCRIBE for any QoS is taken and granted what there is', async () => {
  const { connect } = world({ maximumQoS: 1 });
  const client = await connect();
  const suback = await client.subscribe([
    { filter: 'a', qos: 0 },
    { filter: 'b', qos: 1 },
    { filter: 'c', qos: 2 },
  ]);
  expect(suback.reasonCodes).toEqual([0, 1, 1]);
});

test('[MQTT-3.2.2-11] PUBLISH above the Maximum QoS is answered by DISCONNECT 0x9B', async () => {
  for (const [maximumQoS, qos] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const { connect } = world({ maximumQoS });
    const watcher = await connect();
    await watcher.subscribe('a');
    const client = await connect();
    client.publishOnly('a', 'x', { qos });
    await client.expectDisconnect(0x9b);
    await watcher.expectNothing();
  }
});

test('[MQTT-3.2.2-12] a Will above the Maximum QoS is refused with CONNACK 0x9B and the close', async () => {
  const { newcomer } = world({ maximumQoS: 1 });
  const client = newcomer();
  expect(await client.connectPacket({ will: { topic: 'a', qos: 2 } })).toMatchObject({ reasonCode: 0x9b });
  await client.expectClosed();
});

test('[MQTT-3.2.2-13] Will Retain where nothing is retained is refused with CONNACK 0x9A and the close', async () => {
  const { newcomer } = world({ retainAvailable: false });
  const client = newcomer();
  const will = { topic: 'a', retain: true };
  expect(await client.connectPacket({ will })).toMatchObject({ reasonCode: 0x9a });
  await client.expectClosed();
});

test('[MQTT-3.2.2-14] RETAIN 1 after Retain Available 0 is answered by DISCONNECT 0x9A', async () => {
  const { connect, broker } = world({ retainAvailable: false });
  const client = await connect();
  expect(client.connack.properties.retainAvailable).toBe(0);
  client.publishOnly('a', 'x', { retain: true });
  await client.expectDisconnect(0x9a);
  expect(broker.retained('a')).toBeUndefined();
});

test('[MQTT-3.2.2-15] a packet above the Maximum Packet Size is answered by DISCONNECT 0x95, one of just that size is taken', async () => {
  const { connect } = world({ limits: { maximumPacketSize: 100 } });
  const watcher = await connect();
  await watcher.subscribe('a');
  const client = await connect();
  expect(client.connack.properties.maximumPacketSize).toBe(100);
  // Two bytes of fixed header, three of topic, one of Property Length.
  await client.publish('a', 'x'.repeat(94));
  expect((await watcher.receiveMessage()).text).toHaveLength(94);
  client.publishOnly('a', 'x'.repeat(95));
  await client.expectDisconnect(0x95);
  await watcher.expectNothing();
});

test('[MQTT-3.2.2-15] the size is judged by the fixed header, before the packet is there', async () => {
  const { connect } = world({ limits: { maximumPacketSize: 100 } });
  const client = await connect();
  client.sendBytes('30 ff ff ff 7f');
  await client.expectDisconnect(0x95);
});

test('[MQTT-3.2.2-17] a Topic Alias above the Topic Alias Maximum is answered by DISCONNECT 0x94', async () => {
  const { connect } = world({ limits: { topicAliasMaximum: 5 } });
  const client = await connect();
  expect(client.connack.properties.topicAliasMaximum).toBe(5);
  await client.publish('a', 'x', { properties: { topicAlias: 5 } });
  client.publishOnly('a', 'x', { properties: { topicAlias: 6 } });
  await client.expectDisconnect(0x94);
});

test('[MQTT-3.2.2-18] any Topic Alias after no Topic Alias Maximum is answered by DISCONNECT 0x94', async () => {
  const { connect } = world({ limits: { topicAliasMaximum: 0 } });
  const client = await connect();
  expect(client.connack.properties.topicAliasMaximum).toBeUndefined();
  client.publishOnly('a', 'x', { properties: { topicAlias: 1 } });
  await client.expectDisconnect(0x94);
});

const unavailable = [
  ['wildcardSubscriptionAvailable', { filter: 'a/+' }, {}, 0xa2],
  ['sharedSubscriptionAvailable', { filter: '$share/g/a' }, {}, 0x9e],
  ['subscriptionIdentifiersAvailable', { filter: 'a' }, { subscriptionIdentifier: 1 }, 0xa1],
] as const;

test.each(unavailable)(
  '[§3.2.2.3] where %s is 0 CONNACK says so, and a SUBSCRIBE that asks for it ends the connection',
  async (name, subscription, properties, reasonCode) => {
    const { connect } = world({ [name]: false });
    const client = await connect();
    expect(client.connack.properties[name]).toBe(0);
    client.send({ type: 'subscribe', packetId: 1, properties, subscriptions: [subscription] });
    await client.expectDisconnect(reasonCode);
  },
);
