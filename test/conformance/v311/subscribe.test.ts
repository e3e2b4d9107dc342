import { describe, expect, test } from 'vitest';
import { numbered, textsIn } from '../messages.ts';
import { field, packetOf } from '../wire.ts';
import { expectClosedUpon, world311 } from './world311.ts';

describe('a SUBSCRIBE that is malformed', () => {
  test('[v3:MQTT-3.8.3-3] without a filter closes', () => expectClosedUpon(packetOf(0x82, [0, 1])));

  test('[v3:MQTT-3.8.3-3] with a filter but no QoS closes', () =>
    expectClosedUpon(packetOf(0x82, [0, 1], field('a'))));

  test('[v3:MQTT-3.8.3-4] with any of the upper six bits of the QoS set closes', async () => {
    for (const bit of [0x04, 0x08, 0x10, 0x20, 0x40, 0x80]) {
      await expectClosedUpon(packetOf(0x82, [0, 1], field('a'), [bit | 1]));
    }
  });

  test('[v3:MQTT-3.8.3-4] with QoS 3 closes', () =>
    expectClosedUpon(packetOf(0x82, [0, 1], field('a'), [3])));

  test('[v3:MQTT-4.7.3-1] [v3:MQTT-4.7.1-2] [v3:MQTT-4.7.1-3] with a filter that is none closes', async () => {
    for (const filter of ['', 'a#', '#/a', 'a/#/b', '##', 'a+', '+a', 'a/b+/c', '++']) {
      await expectClosedUpon(packetOf(0x82, [0, 1], field(filter), [0]));
    }
  });

  test('[v3:MQTT-3.8.3-4] changes nothing, though its first filters were sound', async () => {
    const { broker, connect } = world311();
    const client = await connect({ clientId: 'alice', cleanStart: false });
    client.sendBytes(packetOf(0x82, [0, 1], field('a'), [1], field('b'), [3]));
    await client.expectClosed();
    expect(broker.subscriptions('alice')).toEqual([]);
  });
});

test('[v3:MQTT-3.8.4-1] [v3:MQTT-3.8.4-2] SUBSCRIBE is answered by SUBACK with its identifier', async () => {
  const client = await world311().connect();
  client.send({ type: 'subscribe', packetId: 4711, subscriptions: ['a'] });
  await client.expect('suback', { packetId: 4711 });
});

test('[v3:MQTT-3.8.4-5] [v3:MQTT-3.9.3-1] SUBACK has a code for each filter, in their order', async () => {
  const { broker, connect } = world311();
  broker.use({
    name: 'rules',
    hooks: { authorizeSubscribe: ({ subscription }) => subscription.filter !== 'secret' },
  });
  const client = await connect();
  const { reasonCodes } = await client.subscribe([
    { filter: 'two', qos: 2 },
    { filter: 'secret', qos: 2 },
    { filter: 'none', qos: 0 },
    { filter: 'one', qos: 1 },
  ]);
  expect(reasonCodes).toEqual([2, 0x80, 0, 1]);
});

test('[v3:MQTT-3.9.3-2] whatever the reason of a refusal, its code is 0x80', async () => {
  const { broker, connect } = world311({ limits: { maximumSubscriptions: 1 } });
  broker.use({
    name: 'rules',
    hooks: {
      authorizeSubscribe: ({ subscription }) =>
        subscription.filter === 'a' ? true : { allow: false, reasonCode: Number(subscription.filter) },
    },
  });
  const client = await connect();
  const refused = [0x83, 0x87, 0x8f, 0x91, 0x97].map(String);
  expect((await client.subscribe(['a', ...refused])).reasonCodes).toEqual([0, 0x80, 0x80, 0x80, 0x80, 0x80]);
});

test('[v3:MQTT-3.8.3-2] a server without wildcards refuses every filter that has one', async () => {
  const { connect } = world311({ wildcardSubscriptionAvailable: false });
  const client = await connect();
  const { reasonCodes } = await client.subscribe(['a', '#', 'a/#', '+', 'a/+/b', '/']);
  expect(reasonCodes).toEqual([0, 0x80, 0x80, 0x80, 0x80, 0]);
});

describe('the same filter again', () => {
  test('[v3:MQTT-3.8.4-3] replaces the subscription: there is one copy, at the new QoS', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    for (const qos of [1, 2, 0] as const) {
      await alice.subscribe('news', { qos });
      await bob.publish('news', 'hello', { qos: 2 });
      expect((await alice.receiveMessage()).qos).toBe(qos);
      await alice.expectNothing();
    }
  });

  test('[v3:MQTT-3.8.4-3] loses no live message', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe('news', { qos: 1 });
    const texts = numbered('m', 20);
    for (const text of texts) {
      bob.publishOnly('news', text, { qos: 0 });
      alice.send({ type: 'subscribe', packetId: 9, subscriptions: [{ filter: 'news', qos: 1 }] });
    }
    expect(textsIn(await alice.receiveAll())).toEqual(texts);
  });
});

test('[v3:MQTT-3.8.4-4] many filters in one SUBSCRIBE are as many subscriptions: of equal ones the last counts', async () => {
  const { broker, connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  const { reasonCodes } = await alice.subscribe([
    { filter: 'a', qos: 2 },
    { filter: 'b', qos: 1 },
    { filter: 'a', qos: 0 },
  ]);
  expect(reasonCodes).toEqual([2, 1, 0]);
  expect(broker.subscriptions('alice')).toHaveLength(2);
  await bob.publish('a', 'hello', { qos: 2 });
  expect((await alice.receiveMessage()).qos).toBe(0);
  await bob.publish('b', 'hello', { qos: 2 });
  expect((await alice.receiveMessage()).qos).toBe(1);
  await alice.expectNothing();
});

test('[v3:MQTT-3.8.4-6] messages come at the lower of published QoS and grant', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  for (const granted of [0, 1, 2] as const) {
    await alice.subscribe('news', { qos: granted });
    for (const published of [0, 1, 2] as const) {
      await bob.publish('news', 'hello', { qos: published });
      expect((await alice.receiveMessage()).qos).toBe(Math.min(granted, published));
    }
  }
});

test('[v3:MQTT-3.8.4-6] the server may grant less than was asked for', async () => {
  const { connect } = world311({ maximumQoS: 1 });
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  expect((await alice.subscribe('news', { qos: 2 })).reasonCodes).toEqual([1]);
  await bob.publish('news', 'hello', { qos: 1 });
  expect((await alice.receiveMessage()).qos).toBe(1);
});

test('[v3:MQTT-4.5.0-1] every client with a matching subscription gets its own copy, the publisher too', async () => {
  const { connect } = world311();
  const clients = [await connect('a'), await connect('b'), await connect('c')];
  const away = await connect({ clientId: 'away', cleanStart: false });
  await away.subscribe('news', { qos: 1 });
  await away.drop();
  for (const client of clients) await client.subscribe('news', { qos: 1 });
  await clients[0]?.publish('news', 'to all', { qos: 1 });
  for (const client of clients) expect(textsIn(await client.receiveAll())).toEqual(['to all']);
  const back = await connect({ clientId: 'away', cleanStart: false });
  expect(textsIn(await back.receiveAll())).toEqual(['to all']);
});

test('[v3:§4.8.2] $share of MQTT 5.0 works for MQTT 3.1.1 as well, unless the host turns that off', async () => {
  const { connect } = world311();
  const [one, other, bob] = [await connect('one'), await connect('other'), await connect('bob')];
  expect((await one.subscribe('$share/g/news')).reasonCodes).toEqual([0]);
  await other.subscribe('$share/g/news');
  for (const text of numbered('m', 4)) await bob.publish('news', text);
  const received = [...textsIn(await one.receiveAll()), ...textsIn(await other.receiveAll())];
  expect(received.sort()).toEqual(numbered('m', 4));

  const strict = await world311({ sharedSubscriptionsFor3: false }).connect();
  expect((await strict.subscribe('$share/g/news')).reasonCodes).toEqual([0x80]);
});
