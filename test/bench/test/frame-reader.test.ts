import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FrameHandler, FrameReader, HEADROOM } from '../src/load/frame-reader.ts';
import { connectFrame, frame, Packet, publishTemplate, type Version } from '../src/load/frames.ts';

/** Reads `stream` in chunks that end at `cuts`, as a socket would hand them over. */
function readInChunks(version: Version, stream: Buffer, cuts: readonly number[]): unknown[] {
  const told: unknown[] = [];
  const handler: FrameHandler = {
    publish: (header, packetId, publisher, sequence) => told.push({ header, packetId, publisher, sequence }),
    control: (type, packetId, reason) => told.push({ type, packetId, reason }),
  };
  const reader = new FrameReader(version, handler);
  const ends = [...new Set([...cuts.map((cut) => cut % stream.length), stream.length])].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    const memory = Buffer.alloc(HEADROOM + end - start, 0xff);
    stream.copy(memory, HEADROOM, start, end);
    reader.read(memory, HEADROOM, memory.length);
    start = end;
  }
  return told;
}

function published(
  version: Version,
  publisher: number,
  sequence: number,
  qos: 0 | 1,
  payloadBytes = 64,
): Buffer {
  const options = { version, qos, topic: 'rooms/12', payloadBytes } as const;
  const { bytes, stampAt, packetIdAt } = publishTemplate(options);
  bytes.writeUInt32LE(publisher, stampAt);
  bytes.writeUInt32LE(sequence, stampAt + 4);
  if (packetIdAt >= 0) bytes.writeUInt16BE(sequence + 1, packetIdAt);
  return bytes;
}

test.each([4, 5] as const)('frames of version %i are the same however chunks cut them', (version) => {
  const stream = Buffer.concat([
    frame(Packet.connack, Buffer.from(version === 5 ? [0, 0, 0] : [0, 0])),
    published(version, 3, 70_000, 0),
    published(version, 4, 1, 1, 20_000),
    frame(Packet.puback, Buffer.of(1, 2)),
    frame(Packet.suback, Buffer.from(version === 5 ? [0, 7, 0, 1, 0x87] : [0, 7, 1, 0x87])),
    published(version, 4, 2, 1),
  ]);
  const whole = [
    { type: Packet.connack, packetId: 0, reason: 0 },
    { header: 0x30, packetId: 0, publisher: 3, sequence: 70_000 },
    { header: 0x32, packetId: 2, publisher: 4, sequence: 1 },
    { type: Packet.puback, packetId: 0x102, reason: 0 },
    { type: Packet.suback, packetId: 7, reason: 0x87 },
    { header: 0x32, packetId: 3, publisher: 4, sequence: 2 },
  ];
  expect(readInChunks(version, stream, [])).toEqual(whole);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 100_000 }), { maxLength: 30 }), (cuts) => {
      expect(readInChunks(version, stream, cuts)).toEqual(whole);
    }),
  );
});

test('a CONNECT is what the standard says', () => {
  const clean = connectFrame({ version: 4, clientId: 'ab', clean: true });
  expect([...clean]).toEqual([0x10, 14, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 2, 0x61, 0x62]);
});
