import type { Plugin } from '@carillon/hooks';
import { encodedLength } from '@carillon/protocol';
import { expect, test } from 'vitest';
import { world } from '../broker.ts';

const words = { reasonString: 'r'.repeat(100), userProperties: [['name', 'v'.repeat(100)]] } as const;

/** Grants and refuses with many words. */
function talkative(allow: boolean): Plugin {
  return {
    name: 'talkative',
    hooks: {
      authenticate: () => ({ allow: true, ...words }),
      authorizePublish: () => (allow ? true : { allow, ...words }),
      authorizeSubscribe: () => (allow ? true : { allow, ...words }),
    },
  };
}

test('[MQTT-3.1.2-24] [MQTT-3.1.2-25] a message larger than the Maximum Packet Size is thrown away, one of just that size is sent', async () => {
  const { connect } = world();
  const client = await connect({ properties: { maximumPacketSize: 100 } });
  await client.subscribe('a');
  const publisher = await connect();
  await publisher.publish('a', 'x'.repeat(95));
  await client.expectNothing();
  await publisher.publish('a', 'x'.repeat(94));
  const message = await client.expect('publish');
  expect(encodedLength(message, 5)).toBe(100);
});

test('[MQTT-3.1.2-25] a message that was too large occupies neither identifier nor quota', async () => {
  const { connect, broker } = world();
  const properties = { maximumPacketSize: 100, receiveMaximum: 1, sessionExpiryInterval: 60 };
  const client = await connect({ clientId: 'small', properties });
  await client.subscribe('a', { qos: 2 });
  const publisher = await connect();
  for (const qos of [1, 2, 1] as const) await publisher.publish('a', 'x'.repeat(200), { qos });
  await client.expectNothing();
  expect(broker.session('small')).toMatchObject({ queued: 0, inflight: 0 });
  await publisher.publish('a', 'small', { qos: 1 });
  expect(await client.receiveMessage()).toMatchObject({ text: 'small' });
});

test('[MQTT-3.1.2-25] what waited for a client that comes back with a smaller Maximum Packet Size is thrown away too', async () => {
  const { connect, broker } = world();
  const kept = { clientId: 'small', cleanStart: false };
  const first = await connect({ ...kept, properties: { sessionExpiryInterval: 60 } });
  await first.subscribe('a', { qos: 1 });
  const publisher = await connect();
  await publisher.publish('a', 'in flight and too large'.repeat(10), { qos: 1 });
  await first.expect('publish');
  await first.drop();
  await publisher.publish('a', 'waiting and too large'.repeat(10), { qos: 1 });
  await publisher.publish('a', 'small', { qos: 1 });
  const second = await connect({
    ...kept,
    properties: { sessionExpiryInterval: 60, maximumPacketSize: 100 },
  });
  expect((await second.receiveMessage()).text).toBe('small');
  await second.expectNothing();
  expect(broker.session('small')).toMatchObject({ queued: 0, inflight: 0 });
});

test('[MQTT-3.1.2-24] properties of a message are never left out to make it fit', async () => {
  const { connect } = world();
  const client = await connect({ properties: { maximumPacketSize: 100 } });
  await client.subscribe('a');
  const publisher = await connect();
  await publisher.publish('a', 'x', { properties: { userProperties: [['name', 'v'.repeat(100)]] } });
  await client.expectNothing();
});

test('[MQTT-3.2.2-19] [MQTT-3.2.2-20] CONNACK leaves out what does not fit: User Properties, then the Reason String', async () => {
  const { connect, broker } = world();
  broker.use(talkative(true));
  const whole = (await connect()).connack;
  expect(whole.properties).toMatchObject(words);
  const size = encodedLength(whole, 5);
  const sizes = [size, size - 1, size - 113];
  const said: string[][] = [];
  for (const maximumPacketSize of sizes) {
    const { connack } = await connect({ properties: { maximumPacketSize } });
    expect(encodedLength(connack, 5)).toBeLessThanOrEqual(maximumPacketSize);
    said.push(Object.keys(connack.properties).filter((name) => name in words));
  }
  expect(said).toEqual([['reasonString', 'userProperties'], ['reasonString'], []]);
});

test('[MQTT-3.1.2-24] a CONNACK that cannot be made small enough is not sent: the connection is closed', async () => {
  const { newcomer } = world();
  const client = newcomer();
  client.send({ type: 'connect', clientId: 'tiny', properties: { maximumPacketSize: 4 } });
  await client.expectClosed();
});

test('[MQTT-3.1.2-24] [MQTT-3.14.2-3] [MQTT-3.14.2-4] DISCONNECT leaves out what does not fit', async () => {
  for (const [maximumPacketSize, kept] of [
    [1000, ['reasonString', 'userProperties']],
    [200, ['reasonString']],
    [60, []],
  ] as const) {
    const { connect, broker } = world();
    const client = await connect({ clientId: 'c', properties: { maximumPacketSize } });
    broker.client('c')?.disconnect({ reasonCode: 0x98, ...words });
    const { properties } = await client.expect('disconnect', { reasonCode: 0x98 });
    expect(Object.keys(properties).sort()).toEqual(kept);
    await client.expectClosed();
  }
});

test('[MQTT-3.1.2-26] no Topic Alias of the server is above the Topic Alias Maximum of the client', async () => {
  const { connect } = world();
  const client = await connect({ properties: { topicAliasMaximum: 2 } });
  await client.subscribe('#');
  const publisher = await connect();
  const topics = ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'];
  for (const topic of topics) await publisher.publish(topic, topic);
  const aliases = new Map<number, string>();
  for (const expected of topics) {
    const { topic, properties } = await client.receiveMessage();
    const { topicAlias } = properties;
    if (topicAlias === undefined) {
      expect(topic).toBe(expected);
      continue;
    }
    expect([1, 2]).toContain(topicAlias);
    if (topic !== '') aliases.set(topicAlias, topic);
    expect(aliases.get(topicAlias)).toBe(expected);
  }
  expect(aliases.size).toBe(2);
});

test('[MQTT-3.1.2-27] without a Topic Alias Maximum, or with 0, the server uses no Topic Alias', async () => {
  for (const properties of [{}, { topicAliasMaximum: 0 }]) {
    const { connect } = world();
    const client = await connect({ properties });
    await client.subscribe('#');
    const publisher = await connect();
    for (let count = 0; count < 3; count++) {
      await publisher.publish('a', 'x');
      const message = await client.receiveMessage();
      expect(message).toMatchObject({ topic: 'a', properties: {} });
    }
  }
});

test('[MQTT-3.1.2-28] Response Information is sent only to a client that asked for it', async () => {
  const { connect } = world({ responseInformation: (clientId) => `answers/${clientId}` });
  for (const properties of [{}, { requestResponseInformation: 0 }] as const) {
    const { connack } = await connect({ properties });
    expect(Object.keys(connack.properties)).not.toContain('responseInformation');
  }
  const { connack } = await connect({ clientId: 'c', properties: { requestResponseInformation: 1 } });
  expect(connack.properties.responseInformation).toBe('answers/c');
});

test('[MQTT-3.1.2-29] Request Problem Information 0: no words in PUBACK, PUBREC, PUBCOMP, SUBACK, UNSUBACK', async () => {
  const { connect, broker } = world();
  broker.use(talkative(false));
  const asking = await connect({ properties: { requestProblemInformation: 1 } });
  expect((await asking.publish('a', 'x', { qos: 1 })).properties).toEqual(words);
  expect((await asking.subscribe('a')).properties).toMatchObject({ reasonString: words.reasonString });
  const client = await connect({ properties: { requestProblemInformation: 0 } });
  expect(await client.publish('a', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x87, properties: {} });
  expect(await client.publish('a', 'x', { qos: 2 })).toMatchObject({ reasonCode: 0x87, properties: {} });
  expect(await client.subscribe('a')).toMatchObject({ reasonCodes: [0x87], properties: {} });
  expect((await client.unsubscribe('nothing')).properties).toEqual({});
  client.send({ type: 'pubrel', packetId: 99 });
  await client.expect('pubcomp', { packetId: 99, reasonCode: 0x92, properties: {} });
});

test('[MQTT-3.1.2-29] Request Problem Information 0 leaves CONNACK, PUBLISH and DISCONNECT their words', async () => {
  const { connect, broker } = world();
  broker.use(talkative(true));
  const properties = { requestProblemInformation: 0 } as const;
  const client = await connect({ clientId: 'c', properties });
  expect(client.connack.properties).toMatchObject(words);
  await client.subscribe('a');
  const { userProperties } = words;
  await (await connect()).publish('a', 'x', { properties: { userProperties } });
  expect((await client.receiveMessage()).properties).toEqual({ userProperties });
  broker.client('c')?.disconnect({ reasonCode: 0x98, ...words });
  expect((await client.expect('disconnect')).properties).toEqual(words);
});
