import { DecodedPublish, encode, type PacketReader, type PublishPacket } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import { bytes, readerFor, takeAll } from './reading.ts';

const publish = (payload: string, traits: Partial<PublishPacket> = {}): PublishPacket => ({
  type: 'publish',
  topic: 'a/b',
  payload: new TextEncoder().encode(payload),
  qos: 0,
  retain: false,
  dup: false,
  packetId: 0,
  properties: {},
  ...traits,
});

const frames = (packets: readonly PublishPacket[], version: 4 | 5 = 4) =>
  packets.map((packet) => encode(packet, version));

const within = (limit: number, packets = Number.POSITIVE_INFINITY) => ({ bytes: limit, packets });

/** The first packet of some, and the reader behind it. */
function firstOf(chunk: Uint8Array, version: 4 | 5 = 4): { reader: PacketReader; first: DecodedPublish } {
  const reader = readerFor(version);
  reader.feed(chunk);
  const first = reader.next();
  if (!(first instanceof DecodedPublish)) throw new Error('the first packet is no PUBLISH');
  return { reader, first };
}

describe('packets that repeat the one before them', () => {
  it('are taken with it in one piece, whatever their payloads', () => {
    const some = frames([publish('one'), publish(''), publish('x'.repeat(200)), publish('four')]);
    const { reader, first } = firstOf(bytes(...some));
    const run = reader.takeRepeats(first, within(1000));
    expect(run).toMatchObject({ count: 4, payloadBytes: 207 });
    expect(run?.source.subarray(run.start, run.end)).toEqual(bytes(...some));
    expect(reader.bufferedBytes).toBe(0);
    expect(reader.next()).toBeUndefined();
  });

  it('have the same properties too', () => {
    const properties = { contentType: 'text', messageExpiryInterval: 9 };
    const { reader, first } = firstOf(
      bytes(...frames([publish('1', { properties }), publish('2', { properties }), publish('3')], 5)),
      5,
    );
    expect(reader.takeRepeats(first, within(1000))?.count).toBe(2);
    expect(takeAll(reader)).toEqual([publish('3')]);
  });

  it.each([
    ['another topic', publish('x', { topic: 'a/c' })],
    ['a longer topic', publish('x', { topic: 'a/bc' })],
    ['RETAIN', publish('x', { retain: true })],
    ['a higher QoS', publish('x', { qos: 1, packetId: 1 })],
  ])('end before one with %s', (_, other) => {
    const { reader, first } = firstOf(bytes(...frames([publish('1'), publish('2'), other, publish('4')])));
    expect(reader.takeRepeats(first, within(1000))?.count).toBe(2);
    expect(takeAll(reader)).toEqual([other, publish('4')]);
  });

  it('end before one that is cut, at whatever byte', () => {
    const [one, two, three] = frames([publish('1'), publish('2'), publish('3'.repeat(200))]);
    if (one === undefined || two === undefined || three === undefined) throw new Error('three were made');
    for (let cut = 0; cut < three.length; cut++) {
      const { reader, first } = firstOf(bytes(one, two, three.subarray(0, cut)));
      expect(reader.takeRepeats(first, within(1000))?.count).toBe(2);
      reader.feed(three.subarray(cut));
      expect(takeAll(reader)).toEqual([publish('3'.repeat(200))]);
    }
  });

  it('are not more than was asked for', () => {
    const some = frames([publish('1'), publish('2'), publish('3'), publish('4')]);
    const { reader, first } = firstOf(bytes(...some));
    const each = some[0]?.length ?? 0;
    expect(reader.takeRepeats(first, within(2 * each - 1))).toBeUndefined();
    expect(reader.takeRepeats(first, within(3 * each + 1))?.count).toBe(3);
    expect(takeAll(reader)).toEqual([publish('4')]);
  });

  it('are not more packets than were asked for', () => {
    const some = frames([publish('1'), publish('2'), publish('3'), publish('4')]);
    const { reader, first } = firstOf(bytes(...some));
    expect(reader.takeRepeats(first, within(1000, 0))).toBeUndefined();
    expect(reader.takeRepeats(first, within(1000, 1))).toBeUndefined();
    expect(reader.takeRepeats(first, within(1000, 3))?.count).toBe(3);
    expect(takeAll(reader)).toEqual([publish('4')]);
  });

  it('are none of QoS 2, where the same identifier is the same message', () => {
    const twice = publish('1', { qos: 2, packetId: 7 });
    const { reader, first } = firstOf(bytes(...frames([twice, twice])));
    expect(reader.takeRepeats(first, within(1000))).toBeUndefined();
  });

  it.each([
    ['another of its topic', true, publish('2')],
    ['another topic', false, publish('2', { topic: 'a/c' })],
    ['another QoS', false, publish('2', { qos: 1, packetId: 1 })],
  ])('may be there where it is followed by %s: %s', (_, expected, other) => {
    const { reader, first } = firstOf(bytes(...frames([publish('1'), other])));
    expect(reader.mayBeRepeated(first)).toBe(expected);
    expect(takeAll(reader)).toEqual([other]);
    expect(reader.mayBeRepeated(first)).toBe(false);
  });

  it('are only sought behind the latest packet', () => {
    const { reader, first } = firstOf(bytes(...frames([publish('1'), publish('2'), publish('3')])));
    reader.next();
    expect(reader.mayBeRepeated(first)).toBe(false);
    expect(reader.takeRepeats(first, within(1000))).toBeUndefined();
    expect(takeAll(reader)).toEqual([publish('3')]);
  });

  it.each([
    ['too large', bytes(0x30, 0x85, 0x20, 0, 3, 'a/b', new Uint8Array(4096))],
    ['of an overlong length', bytes(0x30, 0x86, 0x80, 0, 0, 3, 'a/b', '7')],
    ['of a length without end', bytes(0x30, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['shorter than its topic', bytes(0x30, 3, 0, 3, 'a')],
  ])('end before one that is %s, which is refused as ever', (_, bad) => {
    const reader = readerFor(4, 4000);
    reader.feed(bytes(...frames([publish('1'), publish('2')]), bad));
    const first = reader.next();
    if (!(first instanceof DecodedPublish)) throw new Error('the first packet is no PUBLISH');
    expect(reader.takeRepeats(first, within(10_000))?.count).toBe(2);
    expect(() => takeAll(reader)).toThrow();
  });
});

describe('packets of QoS 1 that repeat the one before them', () => {
  const acknowledged = (payload: string, packetId: number, traits: Partial<PublishPacket> = {}) =>
    publish(payload, { qos: 1, packetId, ...traits });

  it.each([[4], [5]] as const)('say where each has its identifier and payload, in MQTT %s', (version) => {
    const properties = version === 5 ? { contentType: 'text' } : {};
    const packets = [
      acknowledged('one', 1, { properties }),
      acknowledged('', 65_535, { properties }),
      acknowledged('x'.repeat(200), 258, { properties }),
      acknowledged('four', 258, { properties }),
    ];
    const { reader, first } = firstOf(bytes(...frames(packets, version)), version);
    const run = reader.takeRepeats(first, within(1000));
    if (run === undefined) throw new Error('there are four');
    const { source, payloadStarts, ends, fromPacketIdToPayload } = run;
    expect(run).toMatchObject({ count: 4, payloadBytes: 207 });
    const found = payloadStarts.map((start, index) => ({
      packetId: Buffer.from(source).readUInt16BE(start - fromPacketIdToPayload),
      payload: new TextDecoder().decode(source.subarray(start, ends[index])),
    }));
    expect(found).toEqual([
      { packetId: 1, payload: 'one' },
      { packetId: 65_535, payload: '' },
      { packetId: 258, payload: 'x'.repeat(200) },
      { packetId: 258, payload: 'four' },
    ]);
    expect(takeAll(reader)).toEqual([]);
  });

  it.each([
    ['another topic', acknowledged('x', 3, { topic: 'a/c' })],
    ['a longer topic', acknowledged('x', 3, { topic: 'a/bc' })],
    ['RETAIN', acknowledged('x', 3, { retain: true })],
    ['DUP', acknowledged('x', 3, { dup: true })],
    ['QoS 0', publish('x')],
    ['other properties', acknowledged('x', 3, { properties: { contentType: 'text' } })],
  ])('end before one with %s', (_, other) => {
    const chunk = bytes(...frames([acknowledged('1', 1), acknowledged('2', 2), other], 5));
    const { reader, first } = firstOf(chunk, 5);
    expect(reader.takeRepeats(first, within(1000))?.count).toBe(2);
    expect(takeAll(reader)).toEqual([other]);
  });

  it('end before one that is cut, at whatever byte', () => {
    const [one, two, three] = frames([acknowledged('1', 1), acknowledged('2', 2), acknowledged('3', 3)]);
    if (one === undefined || two === undefined || three === undefined) throw new Error('three were made');
    for (let cut = 0; cut < three.length; cut++) {
      const { reader, first } = firstOf(bytes(one, two, three.subarray(0, cut)));
      expect(reader.takeRepeats(first, within(1000))?.count).toBe(2);
      reader.feed(three.subarray(cut));
      expect(takeAll(reader)).toEqual([acknowledged('3', 3)]);
    }
  });

  it.each([
    ['has the identifier 0', bytes(0x32, 7, 0, 3, 'a/b', 0, 0)],
    ['ends before its identifier', bytes(0x32, 5, 0, 3, 'a/b')],
    ['ends in its identifier', bytes(0x32, 6, 0, 3, 'a/b', 0)],
  ])('end before one that %s, which is refused as ever', (_, bad) => {
    const { reader, first } = firstOf(bytes(...frames([acknowledged('1', 1), acknowledged('2', 2)]), bad));
    expect(reader.takeRepeats(first, within(1000))?.count).toBe(2);
    expect(() => takeAll(reader)).toThrow();
  });
});
