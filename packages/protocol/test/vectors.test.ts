import { encode, encodedLength, encodeInto, type PacketType, type ProtocolVersion } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import { readAll } from './reading.ts';
import { vectors } from './vectors.ts';

/** A reader that waits for CONNECT when the packet is one, and is past it otherwise. */
const versionBefore = (type: PacketType, version: ProtocolVersion) =>
  type === 'connect' ? undefined : version;

describe('annotated vectors', () => {
  for (const vector of vectors) {
    it(`reads ${vector.says}`, () => {
      const packets = readAll(vector.bytes, versionBefore(vector.packet.type, vector.version));
      expect(packets).toEqual([vector.packet]);
    });
  }

  for (const vector of vectors.filter(({ readOnly }) => readOnly !== true)) {
    it(`writes ${vector.says}`, () => {
      expect(encode(vector.packet, vector.version)).toEqual(vector.bytes);
    });

    it(`measures ${vector.says}`, () => {
      expect(encodedLength(vector.packet, vector.version)).toBe(vector.bytes.length);
    });
  }

  it('has every packet type', () => {
    const types = new Set(vectors.map(({ packet }) => packet.type));
    expect(types.size).toBe(15);
  });

  it('writes into the middle of a buffer and returns the offset behind the packet', () => {
    const target = new Uint8Array(8).fill(0xaa);
    const end = encodeInto({ type: 'puback', packetId: 0x0102, reasonCode: 0, properties: {} }, 5, target, 3);
    expect(end).toBe(7);
    expect([...target]).toEqual([0xaa, 0xaa, 0xaa, 0x40, 2, 1, 2, 0xaa]);
  });
});
