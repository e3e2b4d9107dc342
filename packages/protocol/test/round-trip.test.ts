import { encode, encodedLength, encodeInto, encodePublish, type Packet } from '@carillon/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyPacket, anyVersionedPacket, anyVersionedPublish } from './arbitrary-packets.ts';
import { bytes, readAll, readerFor, takeAll } from './reading.ts';

const numRuns = 300;

describe('any valid packet', () => {
  for (const version of [3, 4, 5] as const) {
    it(`of level ${version} is read as it was written`, () => {
      fc.assert(
        fc.property(anyPacket(version), (packet) => {
          expect(readAll(encode(packet, version), version)).toEqual([packet]);
        }),
        { numRuns },
      );
    });
  }

  it('takes as many bytes as it was measured to take', () => {
    fc.assert(
      fc.property(anyVersionedPacket, fc.nat(20), ({ packet, version }, offset) => {
        const alone = encode(packet, version);
        const target = new Uint8Array(alone.length + offset + 5).fill(0xee);
        const end = encodeInto(packet, version, target, offset);
        expect(alone.length).toBe(encodedLength(packet, version));
        expect(end).toBe(offset + alone.length);
        expect(target.slice(offset, end)).toEqual(alone);
        expect(target.slice(end)).toEqual(new Uint8Array(5).fill(0xee));
      }),
      { numRuns },
    );
  });

  it('comes through however the stream is cut', () => {
    const stream = fc.array(anyPacket(5), { minLength: 1, maxLength: 6 });
    const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(stream, cuts, (packets, sizes) => {
        const whole = bytes(...packets.map((packet) => encode(packet, 5)));
        const reader = readerFor(5);
        const read: Packet[] = [];
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          reader.feed(whole.slice(at, at + size));
          at += size;
          if (turn % 3 !== 0) read.push(...takeAll(reader));
        }
        read.push(...takeAll(reader));
        expect(read).toEqual(packets);
        expect(reader.bufferedBytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('that is a PUBLISH has the same bytes as a template, with or without its payload', () => {
    fc.assert(
      fc.property(anyVersionedPublish, ({ packet, version }) => {
        const whole = encode(packet, version);
        const withPayload = encodePublish(packet, version, { payload: true });
        const without = encodePublish(packet, version, { payload: false });
        expect(withPayload.bytes).toEqual(whole);
        expect(bytes(without.bytes, packet.payload)).toEqual(whole);
        expect(without.packetIdAt).toBe(withPayload.packetIdAt);

        if (packet.qos === 0) {
          expect(withPayload.packetIdAt).toBe(-1);
          return;
        }
        withPayload.bytes.set([0x12, 0x34], withPayload.packetIdAt);
        expect(readAll(withPayload.bytes, version)).toEqual([{ ...packet, packetId: 0x1234 }]);
      }),
      { numRuns: 100 },
    );
  });
});
