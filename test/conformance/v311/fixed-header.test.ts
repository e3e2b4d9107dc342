import { describe, expect, test } from 'vitest';
import { type Bytes, field, packetOf, RawClient } from '../wire.ts';
import { connect311, expectClosedUpon, expectTurnedAway, world311 } from './world311.ts';

const subscribe = [[0, 1], field('a'), [0]];
const unsubscribe = [[0, 1], field('a')];

/** Every value of the four flag bits but the right one. */
function flagsOtherThan(right: number): number[] {
  return Array.from({ length: 16 }, (_, flags) => flags).filter((flags) => flags !== right);
}

describe('wrong flags', () => {
  const packets: [string, number, readonly Bytes[]][] = [
    ['PUBACK', 0x40, [[0, 1]]],
    ['PUBREC', 0x50, [[0, 1]]],
    ['PUBCOMP', 0x70, [[0, 1]]],
    ['PINGREQ', 0xc0, []],
  ];
  test.each(packets)('[v3:MQTT-2.2.2-1] [v3:MQTT-2.2.2-2] in %s close', async (_, first, parts) => {
    for (const flags of flagsOtherThan(0)) await expectClosedUpon(packetOf(first | flags, ...parts));
  });

  test('[v3:MQTT-2.2.2-1] [v3:MQTT-2.2.2-2] in CONNECT close without a CONNACK', async () => {
    const [, ...rest] = connect311();
    for (const flags of flagsOtherThan(0)) await expectTurnedAway([0x10 | flags, ...rest]);
  });

  test('[v3:MQTT-2.2.2-2] [v3:MQTT-3.6.1-1] in PUBREL close', async () => {
    for (const flags of flagsOtherThan(2)) await expectClosedUpon(packetOf(0x60 | flags, [0, 1]));
  });

  test('[v3:MQTT-2.2.2-2] [v3:MQTT-3.8.1-1] in SUBSCRIBE close', async () => {
    for (const flags of flagsOtherThan(2)) await expectClosedUpon(packetOf(0x80 | flags, ...subscribe));
  });

  test('[v3:MQTT-2.2.2-2] [v3:MQTT-3.10.1-1] in UNSUBSCRIBE close', async () => {
    for (const flags of flagsOtherThan(2)) await expectClosedUpon(packetOf(0xa0 | flags, ...unsubscribe));
  });

  test('[v3:MQTT-3.14.1-1] in DISCONNECT close, and the will goes out: it was no valid DISCONNECT', async () => {
    for (const flags of flagsOtherThan(0)) {
      const { connect } = world311();
      const watcher = await connect('watcher');
      await watcher.subscribe('gone');
      const client = await connect({ clientId: 'client', will: { topic: 'gone' } });
      client.sendBytes([0xe0 | flags, 0]);
      await client.expectClosed();
      expect((await watcher.receiveMessage()).topic).toBe('gone');
    }
  });
});

test('[v3:MQTT-3.3.1-4] a PUBLISH with both QoS bits set closes', async () => {
  for (const first of [0x36, 0x37, 0x3e, 0x3f]) {
    await expectClosedUpon(packetOf(first, field('a'), [0, 1]));
  }
});

test('[v3:MQTT-2.2.2-1] what the server sends has the flags of its type', async () => {
  const raw = new RawClient(world311());
  expect(await raw.say(connect311())).toBe('20 02 00 00');
  expect(await raw.say(packetOf(0x82, ...subscribe))).toBe('90 03 00 01 00');
  expect(await raw.say(packetOf(0x32, field('b'), [0, 7]))).toBe('40 02 00 07');
  expect(await raw.say(packetOf(0x34, field('b'), [0, 8]))).toBe('50 02 00 08');
  expect(await raw.say(packetOf(0x62, [0, 8]))).toBe('70 02 00 08');
  expect(await raw.say(packetOf(0x82, [0, 2], field('c'), [2]))).toBe('90 03 00 02 02');
  expect(await raw.say(packetOf(0x34, field('c'), [0, 9]))).toBe('34 05 00 01 63 00 01 50 02 00 09');
  expect(await raw.say(packetOf(0x50, [0, 1]))).toBe('62 02 00 01');
  expect(await raw.say(packetOf(0xa2, [0, 3], field('c')))).toBe('b0 02 00 03');
  expect(await raw.say(packetOf(0xc0))).toBe('d0 00');
});

test('[v3:§2.2.1] the packet types 0 and 15 close', async () => {
  await expectClosedUpon([0x00, 0x00]);
  await expectClosedUpon([0xf0, 0x00]);
});

test('[v3:§2.2.3] a Remaining Length of more than four bytes closes', async () => {
  await expectClosedUpon([0x30, 0x80, 0x80, 0x80, 0x80, 0x01]);
});

test('[v3:§2.2.3] bytes after the last field of a packet close', async () => {
  await expectClosedUpon(packetOf(0x40, [0, 1], [0]));
  await expectClosedUpon(packetOf(0xc0, [0]));
  await expectClosedUpon(packetOf(0xe0, [0]));
});
