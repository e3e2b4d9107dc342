import { expect, test } from 'vitest';
import { world } from '../broker.ts';
import { connectBytes, field, packetOf, RawClient } from '../wire.ts';

const overlong: [string, string][] = [
  ['the Remaining Length of PINGREQ, 0 in two bytes', 'c0 80 00'],
  ['the Remaining Length of PUBLISH, 4 in three bytes', '30 84 80 00 00 01 61 00'],
  ['a Property Length, 0 in two bytes', '30 05 00 01 61 80 00'],
  ['a Subscription Identifier, 1 in two bytes', '82 0a 00 01 03 0b 81 00 00 01 61 00'],
  ['a Remaining Length of five bytes', 'c0 ff ff ff ff 01'],
  ['a Property Length of five bytes', '30 08 00 01 61 80 80 80 80 01'],
  ['a Subscription Identifier of five bytes', '82 0d 00 01 06 0b 81 80 80 80 01 00 01 61 00'],
];

test.each(overlong)('[MQTT-1.5.5-1] an integer longer than it need be is malformed: %s', async (_, bytes) => {
  const { connect } = world();
  const client = await connect();
  client.sendBytes(bytes);
  await client.expectDisconnect(0x81);
});

test('[MQTT-1.5.5-1] a CONNECT of an overlong length is closed in silence: its version is not known yet', async () => {
  const raw = new RawClient(world());
  const [first = 0, length = 0, ...rest] = connectBytes();
  expect(await raw.say([first, length + 0x80, 0, ...rest])).toBe('');
  expect(raw.closed).toBe(true);
});

test('[MQTT-1.5.5-1] what the server sends has its lengths in the shortest form', async () => {
  const place = world();
  const raw = new RawClient(place);
  await raw.say(connectBytes());
  await raw.say(packetOf(0x82, [0, 1, 0], field('a'), [0]));
  const publisher = await place.connect();
  // Four bytes of topic and Property Length besides the payload.
  const cases = [
    [123, '7f'],
    [124, '80 01'],
    [16_379, 'ff 7f'],
    [16_380, '80 80 01'],
  ] as const;
  for (const [payload, length] of cases) {
    await publisher.publish('a', new Uint8Array(payload));
    const said = await raw.hear();
    expect(said.slice(0, 3 + length.length + 12)).toBe(`30 ${length} 00 01 61 00`);
  }
});

const types: [string, number, readonly number[]][] = [
  ['PUBACK', 0x40, [0, 1]],
  ['PUBREC', 0x50, [0, 1]],
  ['PUBREL', 0x62, [0, 1]],
  ['PUBCOMP', 0x70, [0, 1]],
  ['SUBSCRIBE', 0x82, [0, 1, 0, 0, 1, 0x61, 0]],
  ['UNSUBSCRIBE', 0xa2, [0, 1, 0, 0, 1, 0x61]],
  ['PINGREQ', 0xc0, []],
  ['DISCONNECT', 0xe0, []],
  ['AUTH', 0xf0, []],
];

test.each(types)(
  '[MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] %s with flags other than its own is malformed, all fifteen of them',
  async (_, first, body) => {
    const { connect } = world();
    for (let flags = 0; flags < 16; flags++) {
      if (flags === (first & 0x0f)) continue;
      const client = await connect();
      client.sendBytes(packetOf((first & 0xf0) | flags, body));
      await client.expectDisconnect(0x81);
    }
  },
);

test('[MQTT-2.1.3-1] CONNECT with flags is closed in silence: its version is not known yet', async () => {
  for (let flags = 1; flags < 16; flags++) {
    const raw = new RawClient(world());
    expect(await raw.say([0x10 | flags, ...connectBytes().slice(1)])).toBe('');
    expect(raw.closed).toBe(true);
  }
});

test('[MQTT-2.1.3-1] [MQTT-2.2.2-1] the server sends the flags of the standard, and a Property Length of 0 where it has no properties', async () => {
  const place = world();
  const raw = new RawClient(place);
  expect((await raw.say(connectBytes())).slice(0, 2)).toBe('20');
  expect(await raw.say(packetOf(0x82, [0, 1, 0], field('a'), [2]))).toBe('90 04 00 01 00 02');
  expect(await raw.say(packetOf(0x30, field('a'), [0], [0x78]))).toBe('30 05 00 01 61 00 78');
  expect(await raw.say(packetOf(0x32, field('a'), [0, 7, 0]))).toContain('32 06 00 01 61 00 01 00');
  expect(await raw.say(packetOf(0x34, field('b'), [0, 8, 0]))).toBe('50 03 00 08 10');
  expect(await raw.say(packetOf(0x62, [0, 8]))).toBe('70 02 00 08');
  expect(await raw.say(packetOf(0xa2, [0, 9, 0], field('a'), field('b')))).toBe('b0 05 00 09 00 00 11');
  expect(await raw.say(packetOf(0xc0))).toBe('d0 00');
});
