import { encode, type Packet, PacketReader, ProtocolError } from '@carillon/protocol';
import { describe, expect, it, vi } from 'vitest';
import { bytes, readAll, readerFor, takeAll } from './reading.ts';

const publish = (topic: string, size: number): Packet => ({
  type: 'publish',
  topic,
  payload: new Uint8Array(size).fill(0x55),
  qos: 1,
  retain: false,
  dup: false,
  packetId: 9,
  properties: { contentType: 'x' },
});

const conversation: Packet[] = [
  {
    type: 'connect',
    protocolVersion: 5,
    bridge: false,
    clientId: 'someone',
    cleanStart: true,
    keepAlive: 30,
    properties: { sessionExpiryInterval: 10 },
  },
  publish('a/b', 0),
  { type: 'pingreq' },
  publish('a/b/c', 300),
  { type: 'disconnect', reasonCode: 4, properties: {} },
];
const stream = bytes(...conversation.map((packet) => encode(packet, 5)));

describe('framing', () => {
  it('reads many packets from one chunk', () => {
    expect(readAll(stream)).toEqual(conversation);
  });

  it('reads packets that come one byte at a time', () => {
    const reader = readerFor();
    const packets = [...stream].flatMap((byte) => {
      reader.feed(Uint8Array.of(byte));
      return takeAll(reader);
    });
    expect(packets).toEqual(conversation);
    expect(reader.bufferedBytes).toBe(0);
  });

  it('reads packets cut in two at any place', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = readerFor();
      reader.feed(stream.slice(0, cut));
      const before = takeAll(reader);
      reader.feed(stream.slice(cut));
      expect([...before, ...takeAll(reader)]).toEqual(conversation);
    }
  });

  it('reads chunks that were fed before the ones before them were used up', () => {
    const reader = readerFor();
    for (let at = 0; at < stream.length; at += 7) reader.feed(stream.slice(at, at + 7));
    expect(reader.bufferedBytes).toBe(stream.length);
    expect(takeAll(reader)).toEqual(conversation);
    expect(reader.bufferedBytes).toBe(0);
  });

  it('counts the bytes that no returned packet has used', () => {
    const reader = readerFor(5);
    reader.feed(bytes(0xc0, 0, 0xc0, 0, 0x30));
    expect(reader.bufferedBytes).toBe(5);
    reader.next();
    expect(reader.bufferedBytes).toBe(3);
    reader.next();
    expect(reader.next()).toBeUndefined();
    expect(reader.bufferedBytes).toBe(1);
    reader.feed(bytes(4, 0, 1));
    expect(reader.next()).toBeUndefined();
    expect(reader.bufferedBytes).toBe(4);
  });

  it('has nothing to say about no bytes', () => {
    const reader = readerFor();
    expect(reader.next()).toBeUndefined();
    reader.feed(new Uint8Array(0));
    expect(reader.next()).toBeUndefined();
  });

  it('decodes in place what lies in one chunk', () => {
    const chunk = bytes(0xc0, 0, encode(publish('a', 3), 5));
    const reader = readerFor(5);
    reader.feed(chunk);
    reader.next();
    const packet = reader.next();
    expect(packet?.type === 'publish' && packet.payload.buffer).toBe(chunk.buffer);
  });

  it('takes a subclass of Uint8Array and hands out plain ones', () => {
    const reader = readerFor(5);
    reader.feed(Buffer.from(encode(publish('a', 3), 5)));
    const packet = reader.next();
    expect(packet?.type === 'publish' && Object.getPrototypeOf(packet.payload)).toBe(Uint8Array.prototype);
  });

  it('lets a cut chunk go: what is gathered is a copy', () => {
    const whole = encode(publish('topic', 4), 5);
    const head = whole.slice(0, 8);
    const reader = readerFor(5);
    reader.feed(head);
    expect(reader.next()).toBeUndefined();
    head.fill(0);
    reader.feed(whole.slice(8));
    expect(takeAll(reader)).toEqual([publish('topic', 4)]);
  });
});

describe('a Remaining Length', () => {
  it.each([
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [16_383, [0xff, 0x7f]],
    [16_384, [0x80, 0x80, 0x01]],
    [2_097_151, [0xff, 0xff, 0x7f]],
    [2_097_152, [0x80, 0x80, 0x80, 0x01]],
  ])('of %i takes the shortest form, in both directions', (remaining, length) => {
    const payload = new Uint8Array(remaining - 3);
    const packet = { type: 'publish', topic: 'a', payload, qos: 0, retain: false, dup: false } as const;
    const source = encode({ ...packet, packetId: 0, properties: {} }, 4);
    expect([...source.subarray(0, 1 + length.length)]).toEqual([0x30, ...length]);
    expect(source).toHaveLength(1 + length.length + remaining);

    const reader = readerFor(4, source.length);
    reader.feed(source);
    const read = reader.next();
    expect(read?.type === 'publish' && read.payload.length).toBe(payload.length);
    expect(reader.bufferedBytes).toBe(0);
  });
});

describe('the limit on packets', () => {
  it('counts the whole packet, and allows exactly the maximum', () => {
    const packet = encode(publish('a', 100), 5);
    expect(takeAllOf(packet, packet.length)).toHaveLength(1);
    expect(() => takeAllOf(packet, packet.length - 1)).toThrowError(/MQTT-3\.2\.2-15/);
  });

  it('is judged on the declared length, before anything is buffered', () => {
    const reader = readerFor(5, 1000);
    reader.feed(bytes(0x30, 0xff, 0xff, 0xff));
    expect(reader.next()).toBeUndefined();
    reader.feed(bytes(0x7f));
    expect(() => reader.next()).toThrowError(ProtocolError);
    expect(reader.bufferedBytes).toBe(0);
  });

  it('may be changed between packets', () => {
    const reader = readerFor(5, 10);
    reader.maximumPacketSize = 1000;
    reader.feed(encode(publish('a', 100), 5));
    expect(reader.next()).toBeDefined();
  });

  it('sets no memory aside for bytes that were declared and did not come', () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 50 }, () => {
      const reader = readerFor(5, 0xfffffff);
      reader.feed(bytes(0x30, 0xf0, 0xff, 0xff, 0x7f, 0, 1, 'a'));
      expect(reader.next()).toBeUndefined();
      return reader;
    });
    // 256 MB were declared on each; a page or two on each is set aside.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024);
    expect(readers).toHaveLength(50);
  });

  it('gathers a large packet from many small chunks without copying it again and again', () => {
    const packet = encode(publish('large', 300_000), 5);
    const reader = readerFor(5, 400_000);
    const copying = vi.spyOn(Uint8Array.prototype, 'set');
    for (let at = 0; at < packet.length; at += 100) {
      reader.next();
      reader.feed(packet.subarray(at, at + 100));
    }
    const whole = reader.next();
    const copied = copying.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
    copying.mockRestore();
    expect(whole && Buffer.compare(encode(whole, 5), packet)).toBe(0);
    expect(copied).toBeLessThan(3.1 * packet.length);
  });
});

function takeAllOf(source: Uint8Array, maximumPacketSize: number): Packet[] {
  const reader = readerFor(5, maximumPacketSize);
  reader.feed(source);
  return takeAll(reader);
}

describe('the protocol version', () => {
  const malformedBehindLevel = bytes(0x10, 8, 0, 4, 'MQTT', 4, 0x03);

  it('is known as soon as a CONNECT was read', () => {
    const reader = readerFor();
    expect(reader.protocolVersion).toBeUndefined();
    reader.feed(stream);
    reader.next();
    expect(reader.protocolVersion).toBe(5);
  });

  it('is known when only the level of a malformed CONNECT could be read', () => {
    const reader = readerFor();
    reader.feed(malformedBehindLevel);
    expect(() => reader.next()).toThrowError(ProtocolError);
    expect(reader.protocolVersion).toBe(4);
  });

  it('stays unknown for a protocol we do not speak, and the error tells what was asked', () => {
    const reader = readerFor();
    reader.feed(bytes(0x10, 9, 0, 4, 'MQTT', 7, 0, 0));
    reader.feed(bytes(0));
    expect(reader.protocolVersion).toBeUndefined();
    expect(() => reader.next()).toThrowError(
      expect.objectContaining({
        reasonCode: 0x84,
        unsupportedVersion: { protocolName: 'MQTT', protocolLevel: 7 },
      }),
    );
    expect(reader.protocolVersion).toBeUndefined();
  });

  it('is not changed by a second CONNECT of another level', () => {
    const reader = readerFor(4);
    reader.feed(stream);
    expect(reader.next()).toMatchObject({ type: 'connect', protocolVersion: 5 });
    expect(reader.protocolVersion).toBe(4);
  });
});

describe('a reader that has refused', () => {
  it('keeps throwing the same error and buffers nothing', () => {
    const reader = new PacketReader({ maximumPacketSize: 100, protocolVersion: 4 });
    reader.feed(bytes(0xc0, 0, 0x00, 0));
    expect(reader.next()).toEqual({ type: 'pingreq' });
    const first = thrownBy(() => reader.next());
    reader.feed(bytes(0xc0, 0));
    expect(thrownBy(() => reader.next())).toBe(first);
    expect(reader.bufferedBytes).toBe(0);
  });

  it('has judged the first byte before the second came', () => {
    const reader = readerFor();
    reader.feed(bytes(0x30));
    expect(() => reader.next()).toThrowError(/MQTT-3\.1\.0-1/);
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
