import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { connectBytes, field, packetOf, RawClient, twoBytes } from '../wire.ts';

test('[MQTT-2.2.1-2] PUBLISH of QoS 0 has no identifier, in either direction', async () => {
  const place = world();
  const raw = new RawClient(place);
  await raw.say(connectBytes());
  await raw.say(packetOf(0x82, [0, 1, 0], field('a'), [2]));
  // The payload looks like an identifier.
  const bytes = packetOf(0x30, field('a'), [0], [0x00, 0x05]);
  expect(await raw.say(bytes)).toBe('30 06 00 01 61 00 00 05');
});

const withoutIdentifier: [string, readonly number[]][] = [
  ['SUBSCRIBE', packetOf(0x82, [0, 0, 0], field('a'), [0])],
  ['UNSUBSCRIBE', packetOf(0xa2, [0, 0, 0], field('a'))],
  ['PUBLISH of QoS 1', packetOf(0x32, field('a'), [0, 0, 0])],
  ['PUBLISH of QoS 2', packetOf(0x34, field('a'), [0, 0, 0])],
  ['PUBACK', packetOf(0x40, [0, 0])],
  ['PUBREL', packetOf(0x62, [0, 0])],
];

test.each(withoutIdentifier)(
  '[MQTT-2.2.1-3] %s with the identifier 0 is a Protocol Error',
  async (_, bytes) => {
    const { connect } = world();
    const client = await connect();
    client.sendBytes(bytes);
    await client.expectDisconnect(0x82);
  },
);

test('[MQTT-2.2.1-3] an identifier that is in use for QoS 2 may be used for SUBSCRIBE and QoS 1: the server keeps them apart', async () => {
  const { connect } = world();
  const client = await connect();
  client.publishOnly('a', 'x', { qos: 2, packetId: 5 });
  await client.expect('pubrec', { packetId: 5 });
  expect((await client.subscribe('b', { packetId: 5 })).reasonCodes).toEqual([0]);
  client.send({ type: 'pubrel', packetId: 5 });
  await client.expect('pubcomp', { packetId: 5, reasonCode: 0 });
});

test('[MQTT-2.2.1-4] messages in flight have identifiers of their own, none of them 0', async () => {
  const { connect } = world();
  const client = await connect();
  await client.subscribe('a', { qos: 2 });
  const publisher = await connect();
  for (let count = 0; count < 60; count++)
    await publisher.publish('a', 'x', { qos: count % 2 === 0 ? 1 : 2 });
  const ids = (await client.receiveAll()).map((packet) => ('packetId' in packet ? packet.packetId : 0));
  expect(ids).toHaveLength(60);
  expect(new Set(ids).size).toBe(60);
  expect(Math.min(...ids)).toBeGreaterThan(0);
});

test('[MQTT-2.2.1-4] identifiers in flight are skipped when the numbers begin anew, after a resume too', async () => {
  const place = world({ limits: { maximumInflight: 1000 } });
  const resuming = connectBytes({ flags: 0, properties: [5, 0x11, 0, 0, 0, 60], payload: [field('kept')] });
  const publish = (id: number) => packetOf(0x32, field('a'), twoBytes(id), [0]);
  const first = new RawClient(place);
  await first.say(resuming);
  await first.say(packetOf(0x82, [0, 1, 0], field('a'), [1]));
  const publisher = new RawClient(place);
  await publisher.say(connectBytes());
  await publisher.say(publish(1));
  const held = identifiersIn(await first.hear());
  expect(held).toHaveLength(1);
  await first.say(packetOf(0xe0, [0]));
  const second = new RawClient(place);
  await second.say(resuming);
  const seen: number[] = [];
  for (let batch = 0; batch < 70; batch++) {
    await publisher.say(Array.from({ length: 990 }, (_, index) => publish(index + 1)).flat());
    const ids = identifiersIn(await second.hear());
    await second.say(ids.flatMap((id) => packetOf(0x40, twoBytes(id))));
    seen.push(...ids);
  }
  expect(seen).toHaveLength(70 * 990);
  expect(new Set(seen).size).toBe(65_534);
  expect(seen).not.toContain(held[0]);
  expect(seen).not.toContain(0);
  await publisher.say(Array.from({ length: 990 }, (_, index) => publish(index + 1)).flat());
  const waiting = identifiersIn(await second.hear());
  await second.say(packetOf(0xe0, [0]));
  const third = new RawClient(place);
  // What is not acknowledged comes again under the same identifiers, in the order of first sending.
  expect(identifiersIn(await third.say(resuming))).toEqual([...held, ...waiting]);
});

/** The identifiers of PUBLISH packets of QoS 1 to `a` with an empty payload, 8 bytes each. */
function identifiersIn(said: string): number[] {
  return said
    .split(' 00 01 61 ')
    .slice(1)
    .map((tail) => Number.parseInt(tail.slice(0, 5).replace(' ', ''), 16));
}

test('[MQTT-2.2.1-5] acknowledgements have the identifier of the PUBLISH they belong to', async () => {
  const { connect } = world();
  const client = await connect();
  for (const packetId of [1, 256, 513, 65_535]) {
    client.publishOnly('a', 'x', { qos: 1, packetId });
    await client.expect('puback', { packetId });
    client.publishOnly('a', 'x', { qos: 2, packetId });
    await client.expect('pubrec', { packetId });
    client.send({ type: 'pubrel', packetId });
    await client.expect('pubcomp', { packetId });
  }
});

test('[MQTT-2.2.1-5] PUBREL has the identifier of the PUBLISH that the server sent', async () => {
  const { connect } = world();
  const client = await connect();
  await client.subscribe('a', { qos: 2 });
  const publisher = await connect();
  for (let count = 0; count < 3; count++) await publisher.publish('a', 'x', { qos: 2 });
  const messages = await client.receiveAll();
  const ids = messages.map((packet) => ('packetId' in packet ? packet.packetId : 0));
  for (const packetId of ids.reverse()) {
    client.send({ type: 'pubrec', packetId });
    await client.expect('pubrel', { packetId });
  }
});

test('[MQTT-2.2.1-6] SUBACK and UNSUBACK have the identifier of their request', async () => {
  const { connect } = world();
  const client = await connect();
  for (const packetId of [1, 256, 513, 65_535]) {
    client.send({ type: 'subscribe', packetId, subscriptions: ['a'] });
    await client.expect('suback', { packetId });
    client.send({ type: 'unsubscribe', packetId, filters: ['a'] });
    await client.expect('unsuback', { packetId });
  }
});
