import { describe, expect, test } from 'vitest';
import { textsIn } from '../messages.ts';
import { field, packetOf } from '../wire.ts';
import { expectClosedUpon, world311 } from './world311.ts';

test('[v3:MQTT-3.3.1-2] [v3:MQTT-4.3.1-1] DUP with QoS 0 closes', async () => {
  await expectClosedUpon(packetOf(0x38, field('a')));
});

test('[v3:MQTT-3.3.1-2] [v3:MQTT-4.3.1-1] the server sends QoS 0 messages without DUP', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('news', { qos: 0 });
  await bob.publish('news', 'again', { qos: 1, dup: true });
  await alice.expect('publish', { qos: 0, dup: false });
});

test('[v3:MQTT-3.3.1-3] DUP of the publisher is not passed on', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('news', { qos: 2 });
  for (const qos of [1, 2] as const) {
    await bob.publish('news', 'again', { qos, dup: true });
    expect((await alice.receiveMessage()).dup).toBe(false);
  }
});

test('[v3:MQTT-3.3.1-3] [v3:MQTT-3.3.1-1] a message sent again has DUP 1, though its publisher sent it once', async () => {
  const { connect } = world311();
  const alice = await connect({ clientId: 'alice', cleanStart: false });
  await alice.subscribe('news', { qos: 2 });
  const bob = await connect('bob');
  await bob.publish('news', 'one', { qos: 1 });
  await bob.publish('news', 'two', { qos: 2 });
  await alice.expect('publish', { dup: false });
  await alice.expect('publish', { dup: false });
  await alice.drop();
  const again = await connect({ clientId: 'alice', cleanStart: false });
  await again.expect('publish', { dup: true, qos: 1 });
  await again.expect('publish', { dup: true, qos: 2 });
});

describe('the Topic Name', () => {
  test('[v3:MQTT-3.3.2-2] [v3:MQTT-4.7.1-1] with a wildcard closes', async () => {
    for (const topic of ['#', '+', 'a/#', 'a/+/b', 'a+', 'a#b'])
      await expectClosedUpon(packetOf(0x30, field(topic)));
  });

  test('[v3:MQTT-4.7.3-1] of no character closes', () => expectClosedUpon(packetOf(0x30, field(''))));

  test('[v3:MQTT-3.3.2-1] that is longer than the packet closes', () =>
    expectClosedUpon(packetOf(0x30, [0, 9, 0x61])));

  test('[v3:MQTT-3.3.2-3] reaches a subscriber as it was published, and matches its filter', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe(['rooms/+/light', 'doors/#']);
    for (const topic of ['rooms/1/light', 'rooms/1/heat', 'doors', 'doors/1/2', 'windows'])
      await bob.publish(topic);
    const topics = (await alice.receiveAll()).map((packet) => packet.type === 'publish' && packet.topic);
    expect(topics).toEqual(['rooms/1/light', 'doors', 'doors/1/2']);
  });
});

test('[v3:MQTT-3.3.4-1] the answer to a PUBLISH is nothing, PUBACK or PUBREC, by its QoS', async () => {
  const client = await world311().connect();
  client.publishOnly('a');
  await client.expectNothing();
  client.publishOnly('a', '', { qos: 1, packetId: 3 });
  await client.expect('puback', { packetId: 3 });
  await client.expectNothing();
  client.publishOnly('a', '', { qos: 2, packetId: 4 });
  await client.expect('pubrec', { packetId: 4 });
  await client.expectNothing();
});

describe('a message of an overlapping subscription', () => {
  test('[v3:MQTT-3.3.5-1] comes once, at the highest QoS of the filters that match', async () => {
    const { connect } = world311();
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe([
      { filter: 'a/#', qos: 1 },
      { filter: 'a/+', qos: 2 },
      { filter: 'a/b', qos: 0 },
    ]);
    await bob.publish('a/b', 'hello', { qos: 2 });
    expect((await alice.receiveMessage()).qos).toBe(2);
    await alice.expectNothing();
  });

  test('[v3:MQTT-3.3.5-1] may come once for each filter, each at the QoS of that filter, if the host wants it so', async () => {
    const { connect } = world311({ overlappingSubscriptions: 'copy-per-filter' });
    const [alice, bob] = [await connect('alice'), await connect('bob')];
    await alice.subscribe([
      { filter: 'a/#', qos: 1 },
      { filter: 'a/+', qos: 2 },
      { filter: 'a/b', qos: 0 },
    ]);
    await bob.publish('a/b', 'hello', { qos: 2 });
    const copies = (await alice.receiveAll()).map((packet) => packet.type === 'publish' && packet.qos);
    expect(copies.sort()).toEqual([0, 1, 2]);
  });
});

describe('a PUBLISH that the client may not make', () => {
  test('[v3:MQTT-3.3.5-2] is acknowledged as usual, and goes nowhere', async () => {
    const { broker, connect } = world311();
    const alice = await connect('alice');
    await alice.subscribe('#');
    broker.use({ name: 'rules', hooks: { authorizePublish: () => false } });
    const bob = await connect('bob');
    await bob.publish('news', 'one', { qos: 0, retain: true });
    await bob.publish('news', 'two', { qos: 1, retain: true });
    await bob.publish('news', 'three', { qos: 2, retain: true });
    await bob.expectNothing();
    await alice.expectNothing();
    expect([...broker.retainedMessages('#')]).toEqual([]);
  });

  test('[v3:MQTT-3.3.5-2] at QoS 2 is not asked about twice: its repeat is acknowledged likewise', async () => {
    const { broker, connect } = world311();
    const alice = await connect('alice');
    await alice.subscribe('#');
    let asked = 0;
    broker.use({ name: 'rules', hooks: { authorizePublish: () => asked++ > 0 } });
    const bob = await connect('bob');
    bob.publishOnly('news', 'no', { qos: 2, packetId: 1 });
    await bob.expect('pubrec');
    bob.publishOnly('news', 'no', { qos: 2, packetId: 1, dup: true });
    await bob.expect('pubrec');
    expect(textsIn(await alice.receiveAll())).toEqual([]);
    expect(asked).toBe(1);
  });

  test('[v3:MQTT-3.3.5-2] above the Maximum QoS, which MQTT 3.1.1 cannot be told, closes', async () => {
    const { connect } = world311({ maximumQoS: 1 });
    const client = await connect();
    client.publishOnly('a', '', { qos: 2 });
    await client.expectClosed();
  });
});
