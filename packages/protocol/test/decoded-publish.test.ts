import { DecodedPublish, encode, PacketReader, type PublishPacket } from '@carillon/protocol';
import { describe, expect, it } from 'vitest';
import { bytes } from './reading.ts';

const packet: PublishPacket = {
  type: 'publish',
  topic: 'a/b',
  payload: bytes('payload'),
  qos: 2,
  retain: true,
  dup: true,
  packetId: 77,
  properties: { contentType: 'x'.repeat(130), subscriptionIdentifiers: [1] },
};

function decode(version: 4 | 5, ...chunks: Uint8Array[]): DecodedPublish {
  const reader = new PacketReader({ maximumPacketSize: 1000, protocolVersion: version });
  for (const chunk of chunks) reader.feed(chunk);
  for (let found = reader.next(); found !== undefined; found = reader.next()) {
    if (found instanceof DecodedPublish) return found;
  }
  throw new Error('there is no PUBLISH in these bytes');
}

const slice = (found: DecodedPublish, start: number, end: number) => found.source.slice(start, end);

describe('a decoded PUBLISH', () => {
  const frame = encode(packet, 5);

  it('knows where its frame, its properties and its payload lie in the chunk', () => {
    const found = decode(5, bytes(0xc0, 0, frame, 0xd0, 0));
    expect(found.frameStart).toBe(2);
    expect(slice(found, found.frameStart, found.frameEnd)).toEqual(frame);
    expect(slice(found, found.payloadStart, found.frameEnd)).toEqual(packet.payload);
    const properties = bytes(0x03, 0, 130, 'x'.repeat(130), 0x0b, 1);
    expect(slice(found, found.propertiesStart, found.propertiesEnd)).toEqual(properties);
  });

  it('knows where its topic alias is written', () => {
    const found = decode(5, encode({ ...packet, properties: { contentType: 'x', topicAlias: 0x1234 } }, 5));
    expect(slice(found, found.topicAliasAt, found.topicAliasAt + 2)).toEqual(bytes(0x12, 0x34));
    expect(decode(5, frame).topicAliasAt).toBe(-1);
  });

  it('knows the same of the buffer it was gathered in when it was cut', () => {
    const found = decode(5, bytes(0xc0, 0, frame.slice(0, 9)), frame.slice(9));
    expect(found.frameStart).toBe(0);
    expect(slice(found, found.frameStart, found.frameEnd)).toEqual(frame);
    expect(found.source).toHaveLength(frame.length);
    expect(found.payload).toEqual(packet.payload);
  });

  it('has an empty span of properties when there are none', () => {
    const plain = { ...packet, properties: {} };
    for (const version of [4, 5] as const) {
      const found = decode(version, encode(plain, version));
      expect(found.propertiesStart).toBe(found.payloadStart);
      expect(found.propertiesEnd).toBe(found.payloadStart);
      expect(found.payload).toEqual(packet.payload);
    }
  });

  it('makes its payload once, as a view of the chunk', () => {
    const chunk = bytes(frame);
    const found = decode(5, chunk);
    expect(found.payload).toBe(found.payload);
    chunk[found.payloadStart] = 0x50;
    expect(found.payload).toEqual(bytes('Payload'));
  });

  it('is a packet: it can be encoded again, for another version too', () => {
    const found = decode(5, frame);
    expect(encode(found, 5)).toEqual(frame);
    expect(encode(found, 4)).toEqual(encode(packet, 4));
  });
});
