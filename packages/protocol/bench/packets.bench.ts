import {
  DecodedPublish,
  encode,
  encodePublish,
  PacketReader,
  type PublishPacket,
  TopicCache,
} from '@carillon/protocol';
import { bench, describe } from 'vitest';

/** As many as a busy publisher has in one chunk. */
const IN_A_CHUNK = 100;

const packet: PublishPacket = {
  type: 'publish',
  topic: 'site/12/device/7/temperature',
  payload: new Uint8Array(64).fill(65),
  qos: 0,
  retain: false,
  dup: false,
  packetId: 0,
  properties: {},
};

describe.each([4, 5] as const)(`a chunk of ${IN_A_CHUNK} PUBLISH packets, version %i`, (protocolVersion) => {
  const one = encode(packet, protocolVersion);
  const chunk = new Uint8Array(one.length * IN_A_CHUNK);
  for (let index = 0; index < IN_A_CHUNK; index++) chunk.set(one, index * one.length);
  const options = { maximumPacketSize: 1024 * 1024, protocolVersion };
  const plain = new PacketReader(options);
  const cached = new PacketReader({ ...options, topicCache: new TopicCache() });

  bench('decoded, every topic anew', () => readAll(plain, chunk));
  bench('decoded, the topic from the cache', () => readAll(cached, chunk));
});

describe('one PUBLISH', () => {
  bench('encoded', () => {
    encode(packet, 4);
  });
  bench('encoded for many receivers', () => {
    encodePublish({ ...packet, qos: 1, packetId: 1 }, 5, { payload: true });
  });
});

describe('a topic', () => {
  const bytes = new TextEncoder().encode(packet.topic);
  const cache = new TopicCache();
  cache.remember(bytes, 0, bytes.length, packet.topic);
  const decoder = new TextDecoder();

  bench('found in the cache', () => {
    cache.find(bytes, 0, bytes.length);
  });
  bench('decoded by TextDecoder, for comparison', () => {
    decoder.decode(bytes);
  });
});

describe('a PUBLISH of 1 MiB in reads of 64 KiB', () => {
  const whole = encode({ ...packet, payload: new Uint8Array(1024 * 1024).fill(65) }, 4);
  const reader = new PacketReader({ maximumPacketSize: 2 * 1024 * 1024, protocolVersion: 4 });
  const read = 64 * 1024;
  const chunks = Array.from({ length: Math.ceil(whole.length / read) }, (_, index) =>
    whole.slice(index * read, (index + 1) * read),
  );
  const take = (): DecodedPublish => {
    for (const chunk of chunks) {
      reader.feed(chunk);
      const found = reader.next();
      if (found instanceof DecodedPublish) return found;
    }
    throw new Error('it is not whole');
  };

  bench('left in the reads it came in', () => void take().payloadPieces());
  bench('joined, as for a hook or the store', () => void take().payload);
});

function readAll(reader: PacketReader, chunk: Uint8Array): void {
  reader.feed(chunk);
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
    if (packet.type !== 'publish') throw new Error(packet.type);
  }
}
