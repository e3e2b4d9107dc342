import { expect, test } from 'vitest';
import { messagesIn, numbered, textsIn } from '../messages.ts';
import { field, packetOf, RawClient, twoBytes } from '../wire.ts';
import { connect311, expectClosedUpon, world311 } from './world311.ts';

test('[v3:MQTT-2.3.1-1] a packet identifier of 0 closes', async () => {
  await expectClosedUpon(packetOf(0x82, [0, 0], field('a'), [0]));
  await expectClosedUpon(packetOf(0xa2, [0, 0], field('a')));
  await expectClosedUpon(packetOf(0x32, field('a'), [0, 0]));
  await expectClosedUpon(packetOf(0x34, field('a'), [0, 0]));
});

test('[v3:MQTT-2.3.1-1] SUBSCRIBE, UNSUBSCRIBE and PUBLISH that end before their identifier close', async () => {
  await expectClosedUpon(packetOf(0x82, [0]));
  await expectClosedUpon(packetOf(0xa2, [0]));
  await expectClosedUpon(packetOf(0x32, field('a')));
});

test('[v3:MQTT-2.3.1-2] a new QoS 2 message under an identifier in use is taken for a repeat of the old one', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('news', { qos: 0 });
  bob.send({ type: 'publish', topic: 'news', payload: 'first', qos: 2, packetId: 7 });
  bob.send({ type: 'publish', topic: 'news', payload: 'second', qos: 2, packetId: 7 });
  await bob.expect('pubrec', { packetId: 7 });
  await bob.expect('pubrec', { packetId: 7 });
  expect(textsIn(await alice.receiveAll())).toEqual(['first']);
});

test('[v3:MQTT-2.3.1-3] after PUBACK, PUBCOMP, SUBACK and UNSUBACK the identifier is free again', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('news', { qos: 0 });
  await bob.subscribe('other', { packetId: 7 });
  await bob.publish('news', 'one', { qos: 1, packetId: 7 });
  await bob.publish('news', 'two', { qos: 2, packetId: 7 });
  await bob.unsubscribe('other', { packetId: 7 });
  await bob.publish('news', 'three', { qos: 2, packetId: 7 });
  expect(textsIn(await alice.receiveAll())).toEqual(['one', 'two', 'three']);
});

test('[v3:MQTT-2.3.1-4] the server gives each message in flight an identifier of its own, none of them 0', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('#', { qos: 2 });
  for (const text of numbered('m', 20)) await bob.publish('news', text, { qos: 1 });
  const ids = (await alice.receiveAll()).map((packet) => (packet.type === 'publish' ? packet.packetId : 0));
  expect(new Set(ids).size).toBe(20);
  expect(ids).not.toContain(0);
});

test('[v3:MQTT-2.3.1-4] after the last identifier come the first ones again, save those in flight', async () => {
  const { connect } = world311({ limits: { maximumInflight: 1001 } });
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('news', { qos: 1 });
  await bob.publish('news', 'never acknowledged', { qos: 1 });
  const { packetId: held } = await alice.expect('publish');
  const thousand = Array.from({ length: 1000 }, () => packetOf(0x32, field('news'), [0, 1])).flat();
  let given: number[] = [];
  for (let round = 0; round < 66; round++) {
    bob.sendBytes(thousand);
    given = messagesIn(await alice.receiveAll()).map(({ packetId }) => packetId);
    alice.sendBytes(given.flatMap((packetId) => packetOf(0x40, twoBytes(packetId))));
    expect(given).toHaveLength(1000);
    expect(given).not.toContain(held);
  }
  expect(given).toContain(held + 1);
});

test('[v3:MQTT-2.3.1-5] a QoS 0 PUBLISH has no packet identifier, in either direction', async () => {
  const place = world311();
  const raw = new RawClient(place);
  await raw.say(connect311());
  expect(await raw.say(packetOf(0x82, [0, 1], field('a'), [2]))).toBe('90 03 00 01 02');
  // The payload begins right behind the topic.
  expect(await raw.say(packetOf(0x30, field('a'), [0, 7]))).toBe('30 05 00 01 61 00 07');
});

test('[v3:MQTT-2.3.1-6] PUBACK, PUBREC, PUBREL and PUBCOMP repeat the identifier of their PUBLISH', async () => {
  const { connect } = world311();
  const [alice, bob] = [await connect('alice'), await connect('bob')];
  await alice.subscribe('news', { qos: 2 });
  bob.send({ type: 'publish', topic: 'other', qos: 1, packetId: 65_535 });
  await bob.expect('puback', { packetId: 65_535 });
  bob.send({ type: 'publish', topic: 'news', qos: 2, packetId: 258 });
  await bob.expect('pubrec', { packetId: 258 });
  bob.send({ type: 'pubrel', packetId: 258 });
  await bob.expect('pubcomp', { packetId: 258 });
  const { packetId } = await alice.expect('publish', { qos: 2 });
  alice.send({ type: 'pubrec', packetId });
  await alice.expect('pubrel', { packetId });
});

test('[v3:MQTT-2.3.1-7] SUBACK and UNSUBACK repeat the identifier of the request', async () => {
  const client = await world311().connect();
  client.send({ type: 'subscribe', packetId: 513, subscriptions: ['a'] });
  await client.expect('suback', { packetId: 513 });
  client.send({ type: 'unsubscribe', packetId: 514, filters: ['a'] });
  await client.expect('unsuback', { packetId: 514 });
});

test('[v3:MQTT-2.3.1-4] identifiers of the client and of the server have nothing to do with each other', async () => {
  const client = await world311().connect();
  await client.subscribe('news', { qos: 2 });
  client.send({ type: 'publish', topic: 'news', qos: 2, packetId: 1 });
  const packets = await client.receiveAll();
  expect(packets).toContainEqual(expect.objectContaining({ type: 'pubrec', packetId: 1 }));
  expect(packets).toContainEqual(expect.objectContaining({ type: 'publish', packetId: 1, qos: 2 }));
});
