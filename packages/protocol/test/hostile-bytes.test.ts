import { encode, PacketReader, ProtocolError, type ProtocolVersion, TopicCache } from '@carillon/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyVersion, anyVersionedPacket } from './arbitrary-packets.ts';

/**
 * Reads to the end of the bytes. A packet takes two bytes at least, so a reader that goes on longer has stopped
 * moving.
 *
 * @returns the error, if there was one. Anything but a ProtocolError is thrown on.
 */
function readToTheEnd(
  chunks: readonly Uint8Array[],
  protocolVersion: ProtocolVersion | undefined,
): ProtocolError | undefined {
  const reader = new PacketReader({
    maximumPacketSize: 4096,
    topicCache: new TopicCache({ entries: 4 }),
    ...(protocolVersion === undefined ? {} : { protocolVersion }),
  });
  try {
    for (const chunk of chunks) {
      reader.feed(chunk);
      let packets = 0;
      while (reader.next() !== undefined) {
        packets++;
        if (packets > 5000) throw new Error('the reader does not come to an end');
      }
    }
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  return undefined;
}

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  // Beginning like a packet whose length is right, so that more than the header is tried.
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 120 }))
    .map(([firstByte, body]) => Uint8Array.of(firstByte, body.length, ...body)),
);

const refusals = new Set([0x81, 0x82, 0x84, 0x94, 0x95]);

function expectAnAnswer(error: ProtocolError | undefined): void {
  if (error === undefined) return;
  expect(refusals).toContain(error.reasonCode);
  expect(error.rule).toMatch(/^(MQTT-\d+\.\d+\.\d+-\d+|§\d+(\.\d+)+)$/);
}

describe('any bytes', () => {
  it('are packets or a protocol error, in every version', () => {
    fc.assert(
      fc.property(anyBytes, fc.option(anyVersion, { nil: undefined }), (source, version) => {
        expectAnAnswer(readToTheEnd([source], version));
      }),
      { numRuns: 1500 },
    );
  });

  it('are judged alike whole and one by one', () => {
    fc.assert(
      fc.property(anyBytes, anyVersion, (source, version) => {
        const whole = readToTheEnd([source], version);
        const single = readToTheEnd(
          [...source].map((byte) => Uint8Array.of(byte)),
          version,
        );
        expect(single?.message).toBe(whole?.message);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a valid packet that was tampered with', () => {
  it('is a packet or a protocol error', () => {
    const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(
        anyVersionedPacket,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        ({ packet, version }, changes) => {
          const source = encode(packet, version);
          for (const { at, to } of changes) source[at % source.length] = to;
          expectAnAnswer(readToTheEnd([source], packet.type === 'connect' ? undefined : version));
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('and cut or prolonged is a packet or a protocol error, its length put right or not', () => {
    fc.assert(
      fc.property(
        anyVersionedPacket,
        fc.nat(),
        fc.uint8Array({ maxLength: 4 }),
        fc.boolean(),
        ({ packet, version }, cut, more, lengthPutRight) => {
          const source = encode(packet, version);
          const body = [...source.subarray(2, 2 + (cut % source.length)), ...more].slice(0, 127);
          const length = lengthPutRight ? body.length : (source[1] ?? 0);
          expectAnAnswer(readToTheEnd([Uint8Array.of(source[0] ?? 0, length, ...body)], version));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
