import { encode, PacketReader, ProtocolError, type ProtocolVersion } from '@carillon/protocol';
import { malformedPackets, randomPacket, seededRandom } from '@carillon/testkit';
import { describe, expect, it } from 'vitest';

describe('random packets', () => {
  it.each<ProtocolVersion>([3, 4, 5])('are valid in version %i', (protocolVersion) => {
    const random = seededRandom(protocolVersion);
    const types = new Set<string>();
    for (let count = 0; count < 300; count++) {
      const packet = randomPacket(random, protocolVersion);
      const reader = new PacketReader({ maximumPacketSize: 10_000, protocolVersion });
      reader.feed(encode(packet, protocolVersion));
      expect(reader.next()).toMatchObject(packet);
      types.add(packet.type);
    }
    expect(types.size).toBe(protocolVersion === 5 ? 11 : 10);
  });
});

describe('malformed packets', () => {
  it('are the same for the same seed', () => {
    expect(take('night', 50)).toEqual(take('night', 50));
    expect(take('night', 50)).not.toEqual(take('day', 50));
  });

  it('suffer every kind of harm, and are no packets for the most part', () => {
    const harms = new Set<string>();
    let refused = 0;
    for (const { bytes, what } of take('all kinds', 1000)) {
      harms.add(what.replace(/^\w+, /, ''));
      if (isRefused(bytes)) refused++;
    }
    expect(harms.size).toBe(12);
    expect(refused).toBeGreaterThan(500);
  });
});

function take(seed: string, count: number) {
  const packets = malformedPackets(seed);
  return Array.from({ length: count }, () => packets.next().value);
}

/** Or incomplete: what a reader waits for more of is no packet either. */
function isRefused(bytes: Uint8Array): boolean {
  const reader = new PacketReader({ maximumPacketSize: 10_000, protocolVersion: 5 });
  try {
    reader.feed(bytes);
    return reader.next() === undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return true;
  }
}
