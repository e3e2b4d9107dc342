import {
  DecodedPublish,
  encode,
  type Packet,
  type PacketReader,
  ProtocolError,
  type PublishPacket,
} from '@carillon/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CutPacket } from '../src/cut-packet.ts';
import { bytes, plain, readerFor } from './reading.ts';

type Version = 3 | 4 | 5;
const versions = [3, 4, 5] as const;
const limit = 4 * 1024 * 1024;

/** A payload in which no stretch is like another, so that pieces in the wrong place are seen. */
function payloadOf(size: number): Uint8Array {
  const payload = new Uint8Array(size);
  for (let at = 0, state = 1; at < size; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    payload[at] = state >>> 24;
  }
  return payload;
}

function publish(size: number, traits: Partial<PublishPacket> = {}): PublishPacket {
  return {
    type: 'publish',
    topic: 'a/b',
    payload: payloadOf(size),
    qos: 1,
    retain: false,
    dup: false,
    packetId: 9,
    properties: {},
    ...traits,
  };
}

/** The chunks that these cuts make, each with memory of its own, as reads have. */
function cutAt(source: Uint8Array, ...cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts, source.length];
  return ends.map((end, index) => source.slice(ends[index - 1] ?? 0, end));
}

/** Chunks of one size, the last one shorter. */
function inChunksOf(size: number, source: Uint8Array): Uint8Array[] {
  const cuts = Array.from({ length: Math.ceil(source.length / size) - 1 }, (_, index) => (index + 1) * size);
  return cutAt(source, ...cuts);
}

/** What is read after each chunk but the last, and what after that. */
function readWhole(reader: PacketReader, chunks: readonly Uint8Array[]): Packet | undefined {
  for (const chunk of chunks.slice(0, -1)) {
    reader.feed(chunk);
    const early = reader.next();
    if (early !== undefined) throw new Error(`${early.type} came before all its bytes did`);
  }
  const last = chunks.at(-1);
  if (last !== undefined) reader.feed(last);
  return reader.next();
}

function readPublish(version: Version, chunks: readonly Uint8Array[]): DecodedPublish {
  const packet = readWhole(readerFor(version, limit), chunks);
  if (packet instanceof DecodedPublish) return packet;
  throw new Error(`read ${packet?.type}`);
}

/** The payload's bytes as they lie, compared without a list of each. */
function expectPayload(packet: DecodedPublish, payload: Uint8Array): void {
  expect(Buffer.compare(Buffer.concat(packet.payloadPieces()), payload)).toBe(0);
  expect(Buffer.compare(packet.payload, payload)).toBe(0);
  expect(packet.frameEnd - packet.payloadStart).toBe(payload.length);
}

/** As plain data that is quick to compare: the payload as a string. */
function comparable(packet: Packet): object {
  if (packet.type !== 'publish') return packet;
  return { ...plain(packet), payload: Buffer.from(packet.payload).toString('latin1') };
}

/** What it ends with: a packet, or what is wrong. */
function outcomeOf(version: Version, chunks: readonly Uint8Array[], maximum = limit): object | string {
  try {
    const packet = readWhole(readerFor(version, maximum), chunks);
    return packet === undefined ? 'nothing' : comparable(packet);
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.reasonCode} ${error.message}`;
    throw error;
  }
}

describe('a large PUBLISH', () => {
  it.each(versions)('is the same wherever it is cut in two, version %i', (version) => {
    const packet = publish(10_000);
    const source = encode(packet, version);
    for (let cut = 1; cut < source.length; cut++) {
      const found = readPublish(version, cutAt(source, cut));
      if (Buffer.compare(found.payload, packet.payload) !== 0) throw new Error(`cut at ${cut}`);
      if (found.topic !== 'a/b' || found.packetId !== 9) throw new Error(`head cut at ${cut}`);
    }
  });

  it('is the same when it comes one byte at a time', () => {
    const packet = publish(20_000);
    expectPayload(readPublish(5, inChunksOf(1, encode(packet, 5))), packet.payload);
  });

  it.each([4095, 4096, 4097, 8191, 8192, 8193, 12_288, 16_384, 65_535, 65_536, 65_537, 131_072, 1_048_576])(
    'of %i bytes is the same in chunks about as large as its parts',
    (size) => {
      const packet = publish(size);
      const source = encode(packet, 4);
      for (const chunk of [1460, 4095, 4096, 4097, 8191, 8192, 8193, 16_384, 65_536]) {
        if (chunk < source.length) expectPayload(readPublish(4, inChunksOf(chunk, source)), packet.payload);
      }
    },
  );

  it('is the same in chunks of any sizes, with neighbours in them, and so are the neighbours', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1000, max: 9000 }),
      fc.integer({ min: 8000, max: 70_000 }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 100_000 }), { minLength: 1, maxLength: 4 }),
        fc.array(sizes, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
        (payloads, chunkSizes, areViews) => {
          const packets = payloads.map((size, index) => publish(size, { packetId: index + 1 }));
          const stream = Buffer.concat(packets.map((packet) => encode(packet, 5)));
          const reader = readerFor(5, limit);
          const found: Packet[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const end = at + (chunkSizes[turn % chunkSizes.length] ?? 1);
            reader.feed(areViews ? stream.subarray(at, end) : new Uint8Array(stream.subarray(at, end)));
            for (let one = reader.next(); one !== undefined; one = reader.next()) found.push(one);
            at = end;
          }
          expect(found.map((one) => one.type === 'publish' && one.packetId)).toEqual(
            packets.map(({ packetId }) => packetId),
          );
          for (const [index, one] of found.entries()) {
            if (one instanceof DecodedPublish) expectPayload(one, packets[index]?.payload ?? bytes());
          }
          expect(reader.bufferedBytes).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('can be encoded again, for another version too', () => {
    const packet = publish(100_000, { properties: { contentType: 'x' } });
    const found = readPublish(5, inChunksOf(30_000, encode(packet, 5)));
    expect(Buffer.compare(encode(found, 5), encode(packet, 5))).toBe(0);
    expect(Buffer.compare(encode(found, 4), encode(packet, 4))).toBe(0);
  });

  it('joins its payload once, when it is asked for', () => {
    const found = readPublish(4, inChunksOf(30_000, encode(publish(100_000), 4)));
    expect(found.payload).toBe(found.payload);
    expect(found.payload.buffer.byteLength).toBe(100_000);
  });
});

describe('the parts of a large PUBLISH', () => {
  const source = encode(publish(300_000), 4);
  const memoryOf = (packet: DecodedPublish) => [packet.source, ...packet.rest].map(({ buffer }) => buffer);

  it('stay where they came: nothing is copied of long chunks', () => {
    const chunks = inChunksOf(65_536, source);
    const found = readPublish(4, chunks);
    expect(memoryOf(found)).toEqual(chunks.map(({ buffer }) => buffer));
    expect(found.frameStart).toBe(0);
  });

  it('are copied together where they are short', () => {
    const found = readPublish(4, inChunksOf(1000, source));
    expect(memoryOf(found).length).toBeLessThan(source.length / 4000);
  });

  it('do not keep a chunk of which they are less than half', () => {
    const front = encode(publish(40_000), 4);
    const stream = Buffer.concat([front, source]);
    const [first, ...others] = inChunksOf(65_536, stream);
    const reader = readerFor(4, limit);
    reader.feed(first ?? bytes());
    expect(reader.next()).toMatchObject({ type: 'publish' });
    expect(reader.next()).toBeUndefined();
    const found = readWhole(reader, others);
    if (!(found instanceof DecodedPublish)) throw new Error('it is not whole');
    expect(memoryOf(found)).not.toContain(first?.buffer);
    expectPayload(found, payloadOf(300_000));
  });

  it('keep no more memory than twice what came, however they come', () => {
    const part = fc.oneof(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 9000 }),
      fc.integer({ min: 8192, max: 70_000 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(part, fc.nat({ max: 70_000 })), { maxLength: 40 }), (parts) => {
        const cut = new CutPacket();
        cut.declare(0xfffffff);
        for (const [length, more] of parts) {
          // As when another packet lies in front of it.
          const chunk = new Uint8Array(new ArrayBuffer(length + more), more, length);
          expect(cut.add(chunk, 0)).toBe(length);
          const memory = new Set(cut.pieces.map(({ buffer }) => buffer));
          const kept = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
          expect(kept).toBeLessThanOrEqual(2 * cut.length);
          // What is not in a piece yet lies in one that is not full.
          const full = cut.pieces.reduce((sum, piece) => sum + piece.length, 0);
          expect(cut.length - full).toBeLessThan(4096);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are counted as they come', () => {
    const reader = readerFor(4, limit);
    reader.feed(source.subarray(0, 2));
    expect(reader.next()).toBeUndefined();
    expect(reader.bufferedBytes).toBe(2);
    reader.feed(source.slice(2, 100_000));
    expect(reader.next()).toBeUndefined();
    expect(reader.bufferedBytes).toBe(100_000);
    reader.feed(source.slice(100_000));
    expect(reader.next()).toBeDefined();
    expect(reader.bufferedBytes).toBe(0);
  });

  it('are let go when the packet turns out to be none', () => {
    const reader = readerFor(4, limit);
    // QoS 3.
    const [first = bytes(), ...others] = inChunksOf(65_536, source);
    first[0] = 0x36;
    expect(() => readWhole(reader, [first, ...others])).toThrowError(/MQTT-3\.3\.1-4/);
    expect(reader.bufferedBytes).toBe(0);
  });
});

describe('the head of a large PUBLISH', () => {
  const longHeads: [string, Partial<PublishPacket>][] = [
    ['a topic of 60 KB', { topic: 't'.repeat(60_000) }],
    ['properties of 5 KB', { properties: { contentType: 'c'.repeat(5000) } }],
    ['properties of 90 KB', { properties: { userProperties: Array(2).fill(['n', 'v'.repeat(45_000)]) } }],
    ['properties and no payload', { properties: { contentType: 'c'.repeat(9000) }, payload: bytes() }],
  ];

  it.each(longHeads)('may be longer than a piece: %s', (_, traits) => {
    const packet = publish(100_000, traits);
    const source = encode(packet, 5);
    for (const size of [1, 3, 1000, 4095, 4096, 4097, 8192, 16_384, 65_536]) {
      if (size >= source.length) continue;
      expect(outcomeOf(5, inChunksOf(size, source))).toEqual(comparable(packet));
    }
  });

  it('is judged alike whole and cut, whatever is wrong with it', () => {
    const tampered = fc.record({
      at: fc.nat({ max: 40 }),
      to: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...versions),
        fc.constantFrom<0 | 1 | 2>(0, 1, 2),
        fc.array(tampered, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(7, 1000, 4096, 9000),
        (version, qos, changes, chunk) => {
          const properties = { payloadFormatIndicator: 1, contentType: 'text' } as const;
          const packet = publish(9500, { qos, packetId: qos === 0 ? 0 : 9, properties });
          const source = encode(packet, version);
          // The fixed header stays: with another length it is another number of bytes.
          for (const { at, to } of changes) source[3 + at] = to;
          const whole = outcomeOf(version, [source]);
          expect(outcomeOf(version, inChunksOf(chunk, source))).toEqual(whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(versions)('is refused alike at every length of topic that does not fit, version %i', (version) => {
    for (const topicLength of [0, 1, 4, 4089, 4090, 4091, 4092, 4093, 4094, 4095, 9990, 10_000, 65_535]) {
      const source = encode(publish(10_000), version);
      source[3] = topicLength >> 8;
      source[4] = topicLength & 0xff;
      const whole = outcomeOf(version, [source]);
      for (const size of [1000, 4096, 9000]) {
        expect(outcomeOf(version, inChunksOf(size, source))).toEqual(whole);
      }
    }
  });

  it.each([0x80, 0xff, 0x7f])('is refused alike when its properties have the length %i …', (byte) => {
    for (const lengthBytes of [[byte], [byte, byte], [byte, byte, byte], [byte, byte, byte, byte]]) {
      const source = bytes(
        0x30,
        0xa0,
        0x9c,
        0x01,
        0,
        1,
        'a',
        ...lengthBytes,
        payloadOf(19_996 - lengthBytes.length),
      );
      source.set(bytes(0x30, 0x9f, 0x9c, 0x01), 0);
      const whole = outcomeOf(5, [source]);
      for (const size of [5, 1000, 8192, 16_384]) {
        expect(outcomeOf(5, inChunksOf(size, source))).toEqual(whole);
      }
    }
  });

  it('with malformed text in a property is refused alike', () => {
    const source = encode(publish(50_000, { properties: { contentType: 'text' } }), 5);
    source[source.indexOf(0x03, 8) + 3] = 0xff;
    const whole = outcomeOf(5, [source]);
    expect(whole).toMatch(/UTF-8/);
    for (const size of [100, 10_000]) expect(outcomeOf(5, inChunksOf(size, source))).toEqual(whole);
  });
});

describe('other packets in parts', () => {
  it('are decoded from one piece', () => {
    const subscriptions = Array.from({ length: 2000 }, (_, index) => ({
      filter: `site/${index}/#`,
      qos: 1 as const,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0 as const,
    }));
    const packet: Packet = { type: 'subscribe', packetId: 1, subscriptions, properties: {} };
    const source = encode(packet, 5);
    expect(source.length).toBeGreaterThan(20_000);
    for (const size of [1, 1000, 8192, 10_000]) {
      expect(outcomeOf(5, inChunksOf(size, source))).toEqual(packet);
    }
  });

  it.each([1, 2, 3, 4])('have their header cut behind byte %i', (cut) => {
    const source = encode(publish(2_100_000), 4);
    expect([...source.subarray(1, 5)].filter((byte) => byte >= 0x80)).toHaveLength(3);
    expectPayload(readPublish(4, cutAt(source, cut, 70_000)), payloadOf(2_100_000));
  });
});

describe('the limit on packets in parts', () => {
  it('allows exactly the maximum, and refuses one byte more before its body comes', () => {
    const source = encode(publish(100_000), 4);
    expect(outcomeOf(4, inChunksOf(30_000, source), source.length)).toMatchObject({ type: 'publish' });
    const refused = outcomeOf(4, [source], source.length - 1);
    expect(refused).toMatch(/allowed are 100010 \[MQTT-3\.2\.2-15\]$/);
    expect(outcomeOf(4, [source.slice(0, 4)], source.length - 1)).toEqual(refused);
    expect(outcomeOf(4, cutAt(source.slice(0, 4), 1, 2, 3), source.length - 1)).toEqual(refused);
  });

  it('is looked at again when it was lowered while the parts came', () => {
    const [first = bytes(), second = bytes()] = cutAt(encode(publish(100_000), 4), 50_000);
    const reader = readerFor(4, limit);
    reader.feed(first);
    expect(reader.next()).toBeUndefined();
    reader.maximumPacketSize = 1000;
    reader.feed(second);
    expect(() => reader.next()).toThrowError(ProtocolError);
  });
});
