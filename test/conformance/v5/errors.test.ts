import { describe, expect, test } from 'vitest';
import { world } from '../broker.ts';
import { type Bytes, field, packetOf, properties } from '../wire.ts';

/** PUBLISH of QoS 0 to `a` with these properties. */
function publishWith(...parts: readonly Bytes[]): Bytes {
  return packetOf(0x30, field('a'), properties(...parts));
}

/** SUBSCRIBE of `a` with these properties. */
function subscribeWith(...parts: readonly Bytes[]): Bytes {
  return packetOf(0x82, [0, 1], properties(...parts), field('a'), [0]);
}

const malformed: [string, Bytes][] = [
  ['a packet type of 0', [0x00, 0x00]],
  ['PUBLISH that ends within its topic', packetOf(0x30, [0, 5, 0x61])],
  ['PUBLISH without properties', packetOf(0x30, field('a'))],
  ['SUBSCRIBE that ends within its filter', packetOf(0x82, [0, 1, 0], [0, 5, 0x61])],
  ['SUBSCRIBE without options', packetOf(0x82, [0, 1, 0], field('a'))],
  ['PUBACK without identifier', packetOf(0x40)],
  ['PINGREQ with a body', packetOf(0xc0, [0])],
  ['PUBACK with more than its properties', packetOf(0x40, [0, 1, 0, 0, 0])],
  ['QoS 3', packetOf(0x36, field('a'), [0, 1, 0])],
  ['an unknown property', publishWith([0x7f, 0])],
  ['a property of CONNECT in PUBLISH', publishWith([0x11, 0, 0, 0, 1])],
  ['a property of PUBLISH in SUBSCRIBE', subscribeWith([0x01, 0])],
  ['a property of SUBSCRIBE in UNSUBSCRIBE', packetOf(0xa2, [0, 1], properties([0x0b, 1]), field('a'))],
  ['a property of CONNACK in DISCONNECT', packetOf(0xe0, [0], properties([0x12, ...field('x')]))],
];

test.each(malformed)(
  '[MQTT-4.13.1-1] [§2.2.2.2] %s is answered by DISCONNECT 0x81 and the close',
  async (_, bytes) => {
    const { connect } = world();
    const client = await connect();
    client.sendBytes(bytes);
    await client.expectDisconnect(0x81);
  },
);

const protocolErrors: [string, Bytes][] = [
  ['CONNACK', packetOf(0x20, [0, 0, 0])],
  ['SUBACK', packetOf(0x90, [0, 1, 0, 0])],
  ['UNSUBACK', packetOf(0xb0, [0, 1, 0, 0])],
  ['PINGRESP', packetOf(0xd0)],
  ['SUBSCRIBE without a filter', packetOf(0x82, [0, 1, 0])],
  ['UNSUBSCRIBE without a filter', packetOf(0xa2, [0, 1, 0])],
  ['PUBACK with a reason code it does not have', packetOf(0x40, [0, 1, 0x8e])],
  ['Payload Format Indicator twice', publishWith([0x01, 0], [0x01, 0])],
  ['Message Expiry Interval twice', publishWith([0x02, 0, 0, 0, 9], [0x02, 0, 0, 0, 9])],
  ['Content Type twice', publishWith([0x03, ...field('x')], [0x03, ...field('x')])],
  ['Response Topic twice', publishWith([0x08, ...field('x')], [0x08, ...field('x')])],
  ['Correlation Data twice', publishWith([0x09, ...field('x')], [0x09, ...field('x')])],
  ['Topic Alias twice', publishWith([0x23, 0, 1], [0x23, 0, 1])],
  ['Payload Format Indicator 2', publishWith([0x01, 2])],
  ['Subscription Identifier 0', subscribeWith([0x0b, 0])],
  ['Subscription Identifier twice', subscribeWith([0x0b, 1], [0x0b, 1])],
  [
    'Reason String twice in PUBACK',
    packetOf(0x40, [0, 1, 0], properties([0x1f, ...field('x')], [0x1f, ...field('x')])),
  ],
  [
    'Session Expiry Interval twice in DISCONNECT',
    packetOf(0xe0, [0], properties([0x11, 0, 0, 0, 0], [0x11, 0, 0, 0, 0])),
  ],
];

test.each(protocolErrors)(
  '[MQTT-4.13.1-1] [§2.2.2.2] %s is answered by DISCONNECT 0x82 and the close',
  async (_, bytes) => {
    const { connect } = world();
    const client = await connect();
    client.sendBytes(bytes);
    await client.expectDisconnect(0x82);
  },
);

test('[MQTT-4.13.1-1] what came before the faulty packet is done, what came after it is not, and nobody else is disturbed', async () => {
  const { connect } = world();
  const other = await connect();
  await other.subscribe('#');
  const client = await connect();
  const publish = (payload: number) => packetOf(0x30, field('a'), [0], [payload]);
  client.sendBytes([...publish(0x31), ...packetOf(0xc1), ...publish(0x32)]);
  await client.expectDisconnect(0x81);
  expect((await other.receiveMessage()).text).toBe('1');
  await other.expectNothing();
  await other.ping();
});

describe('acknowledgements', () => {
  test('[§4.13.2] one of 0x80 or above that the server sends leaves the connection open', async () => {
    const { connect, broker } = world();
    broker.use({ name: 'no', hooks: { authorizePublish: () => false, authorizeSubscribe: () => false } });
    const client = await connect();
    expect(await client.publish('a', 'x', { qos: 1 })).toMatchObject({ type: 'puback', reasonCode: 0x87 });
    expect(await client.publish('a', 'x', { qos: 2 })).toMatchObject({ type: 'pubrec', reasonCode: 0x87 });
    expect((await client.subscribe('a')).reasonCodes).toEqual([0x87]);
    await client.ping();
  });

  test('[§4.13.2] one of 0x80 or above that the client sends leaves the connection open', async () => {
    const { connect } = world();
    const client = await connect();
    await client.subscribe('a', { qos: 2 });
    const publisher = await connect();
    for (const [qos, type] of [
      [1, 'puback'],
      [2, 'pubrec'],
    ] as const) {
      await publisher.publish('a', 'x', { qos });
      const { packetId } = await client.expect('publish', { qos });
      client.send({ type, packetId, reasonCode: 0x83 });
      await client.expectNothing();
    }
    await client.ping();
  });

  test('[§3.4.2.1] [§3.5.2.1] [§3.6.2.1] [§3.7.2.1] they may be short: of Remaining Length 2, and 3', async () => {
    const { connect, broker } = world();
    const client = await connect('c');
    await client.subscribe('a', { qos: 2 });
    const publisher = await connect();
    for (const tail of [[], [0]]) {
      await publisher.publish('a', 'x', { qos: 1 });
      const one = await client.expect('publish', { qos: 1 });
      client.sendBytes(packetOf(0x40, [one.packetId >> 8, one.packetId & 0xff, ...tail]));
      await publisher.publish('a', 'x', { qos: 2 });
      const two = await client.expect('publish', { qos: 2 });
      const id = [two.packetId >> 8, two.packetId & 0xff];
      client.sendBytes(packetOf(0x50, [...id, ...tail]));
      await client.expect('pubrel', { packetId: two.packetId });
      client.sendBytes(packetOf(0x70, [...id, ...tail]));
      client.sendBytes(packetOf(0x34, field('b'), [0, 9, 0]));
      await client.expect('pubrec', { packetId: 9 });
      client.sendBytes(packetOf(0x62, [0, 9, ...tail]));
      await client.expect('pubcomp', { packetId: 9, reasonCode: 0 });
    }
    expect(broker.session('c')).toMatchObject({ inflight: 0 });
  });
});
