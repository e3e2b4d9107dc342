import type { ByteChannel, DroppedEvent, PublishEvent } from '@carillon/hooks';
import { encode, PacketReader, type PublishPacket } from '@carillon/protocol';
import type { PacketClient } from '@carillon/testkit';
import { describe, expect, test, vi } from 'vitest';
import { MessageInBytes } from '../src/publishing/message-in-bytes.ts';
import { brokerUnderTest, Notes } from './broker-under-test.ts';

const size = 300_000;
const large = Uint8Array.from({ length: size }, (_, at) => (at * 7 + (at >> 8)) & 0xff);

/** As reads of a socket are: much is under way, and comes in chunks of 64 KB. */
const likeASocket = { channel: { cut: 65_536, capacity: 1_000_000 } } as const;

/** A client's end at the broker, which writes down what the broker writes there. */
function recorded(written: Uint8Array[]) {
  return (channel: ByteChannel): ByteChannel => {
    const write = channel.write.bind(channel);
    channel.write = (pieces) => {
      written.push(...pieces);
      write(pieces);
    };
    return channel;
  };
}

async function messagesOf(client: PacketClient): Promise<PublishPacket[]> {
  return (await client.receiveAll()).flatMap((packet) => (packet.type === 'publish' ? [packet] : []));
}

function expectLarge(payload: Uint8Array | undefined): void {
  expect(payload?.length).toBe(size);
  expect(Buffer.compare(payload ?? new Uint8Array(0), large)).toBe(0);
}

describe('a large payload that came in several chunks', () => {
  test.each([0, 1, 2] as const)('is whole for every kind of receiver, at QoS %i', async (qos) => {
    const { connect } = brokerUnderTest();
    const publisher = await connect({}, likeASocket);
    const plain = await connect({}, likeASocket);
    const older = await connect({}, { ...likeASocket, protocolVersion: 4 });
    const named = await connect({}, likeASocket);
    const aliased = await connect({ properties: { topicAliasMaximum: 5 } }, likeASocket);
    const lower = await connect({}, likeASocket);
    for (const client of [plain, older, aliased]) await client.subscribe('t', { qos });
    await named.subscribe('t', { qos, properties: { subscriptionIdentifier: 7 } });
    await lower.subscribe('t', { qos: 0 });
    await publisher.publish('t', large, { qos, properties: { contentType: 'x' } });
    for (const client of [plain, older, named, aliased, lower]) {
      const [message, ...more] = await messagesOf(client);
      expect(more).toEqual([]);
      expectLarge(message?.payload);
      expect(message?.topic).toBe('t');
      expect(message?.qos).toBe(client === lower ? 0 : qos);
    }
  });

  test.each(['random', 999, 65_536] as const)('is whole however it is cut: %s', async (cut) => {
    const { connect } = brokerUnderTest();
    const publisher = await connect({}, { channel: { cut, capacity: 1_000_000 } });
    const receiver = await connect({}, likeASocket);
    await receiver.subscribe('t');
    for (let i = 0; i < 3; i++) await publisher.publish('t', large);
    const messages = await messagesOf(receiver);
    expect(messages).toHaveLength(3);
    for (const { payload } of messages) expectLarge(payload);
  });

  test('goes to all subscribers in the memory it came in', async () => {
    const { connect } = brokerUnderTest();
    const publisher = await connect({}, likeASocket);
    const written = await Promise.all(
      [0, 1, 2].map(async () => {
        const pieces: Uint8Array[] = [];
        const client = await connect({}, { ...likeASocket, wrap: recorded(pieces) });
        await client.subscribe('t');
        pieces.length = 0;
        return pieces;
      }),
    );
    await publisher.publish('t', large);
    const [first = [], ...others] = written.map((pieces) => pieces.map(({ buffer }) => buffer));
    expect(first.length).toBeGreaterThan(4);
    for (const other of others) {
      expect(other.length).toBe(first.length);
      for (const [index, buffer] of other.entries()) expect(buffer).toBe(first[index]);
    }
  });

  test('is one array for a hook, which may put another in its place', async () => {
    const seen = new Notes<PublishEvent>();
    const { connect } = brokerUnderTest(
      {},
      {
        authorizePublish: (event) => {
          seen.take(event);
          return true;
        },
        rewritePublish: ({ message }) => ({ payload: message.payload.slice(1) }),
      },
    );
    const publisher = await connect({}, likeASocket);
    const receiver = await connect({}, likeASocket);
    await receiver.subscribe('t');
    await publisher.publish('t', large, { qos: 1 });
    expectLarge(seen.last?.message.payload);
    const [message] = await messagesOf(receiver);
    expect(Buffer.compare(message?.payload ?? new Uint8Array(0), large.subarray(1))).toBe(0);
  });

  test('is retained and kept in bytes of its own, for those who come later', async () => {
    const { connect, broker } = brokerUnderTest();
    const durable = { clientId: 'away', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const away = await connect(durable, likeASocket);
    await away.subscribe('t', { qos: 1 });
    await away.disconnect();
    const publisher = await connect({}, likeASocket);
    const correlationData = Uint8Array.of(1, 2, 3);
    await publisher.publish('t', large, { qos: 1, retain: true, properties: { correlationData } });
    const kept = broker.retained('t');
    expectLarge(kept?.payload);
    expect(kept?.payload.buffer.byteLength).toBe(size);
    expect(kept?.properties.correlationData).toEqual(correlationData);
    const later = await connect({}, likeASocket);
    await later.subscribe('t');
    const back = await connect(durable, likeASocket);
    for (const client of [later, back]) expectLarge((await messagesOf(client))[0]?.payload);
  });

  test('is sent again as it was, when its receiver left before it acknowledged', async () => {
    const { connect } = brokerUnderTest();
    const durable = { clientId: 'b', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const publisher = await connect({}, likeASocket);
    const first = await connect(durable, { channel: { cut: 65_536, capacity: 1_000_000 } });
    await first.subscribe('t', { qos: 1 });
    publisher.publishOnly('t', large, { qos: 1 });
    await publisher.settle();
    await first.drop();
    const second = await connect(durable, likeASocket);
    const [message] = await messagesOf(second);
    expect(message?.dup).toBe(true);
    expectLarge(message?.payload);
  });

  test('reaches nobody when the connection breaks in its middle, and the Will is sent', async () => {
    const { connect } = brokerUnderTest();
    const receiver = await connect({}, likeASocket);
    await receiver.subscribe('#');
    const breaks = { ...likeASocket.channel, toServer: { cut: 65_536, breakAfterBytes: 200_000 } };
    const publisher = await connect({ will: { topic: 'gone' } }, { channel: breaks });
    publisher.publishOnly('t', large);
    await publisher.settle();
    expect((await messagesOf(receiver)).map(({ topic }) => topic)).toEqual(['gone']);
  });
});

test('a large payload that is kept is not copied before somebody asks for the message, and then once', () => {
  const packet = { type: 'publish', topic: 't', payload: large, qos: 1, retain: false, dup: false } as const;
  const source = encode({ ...packet, packetId: 1, properties: {} }, 5);
  const reader = new PacketReader({ maximumPacketSize: 1_000_000, protocolVersion: 5 });
  for (let at = 0; at < source.length; at += 65_536) reader.feed(source.slice(at, at + 65_536));
  const publish = reader.next();
  if (publish?.type !== 'publish') throw new Error('it is not whole');
  const copying = vi.spyOn(Uint8Array.prototype, 'set');
  const author = { publisherId: 'p', origin: 'client', mountPoint: '' } as const;
  const content = new MessageInBytes(publish, 't', author, 0);
  content.keep();
  expect(copying).not.toHaveBeenCalled();
  const { message } = content;
  content.keep();
  expect(content.message).toBe(message);
  const copied = copying.mock.calls.reduce((sum, [part]) => sum + part.length, 0);
  copying.mockRestore();
  expect(copied).toBe(size);
  expectLarge(message.payload);
  expect(message.payload.buffer.byteLength).toBe(size);
});

describe('a slow reader of large payloads', () => {
  const limits = { maximumOutputBytes: 1_000_000 };

  test('keeps a bounded number of them in memory, and none more than it was', async () => {
    const dropped = new Notes<DroppedEvent>();
    const { connect } = brokerUnderTest({ limits }, { dropped: dropped.take });
    const publisher = await connect({}, likeASocket);
    const written: Uint8Array[] = [];
    const slow = await connect({}, { channel: { toClient: { capacity: 65_536 } }, wrap: recorded(written) });
    await slow.subscribe('t');
    slow.stopReading();
    written.length = 0;
    for (let i = 0; i < 20; i++) await publisher.publish('t', large);
    const kept = new Map(written.map((piece) => [piece.buffer, piece.buffer.byteLength]));
    const memory = [...kept.values()].reduce((sum, bytes) => sum + bytes, 0);
    expect(memory).toBeLessThanOrEqual(2 * (limits.maximumOutputBytes + size));
    expect(dropped.all.length).toBeGreaterThan(14);
    expect(dropped.all.every(({ reason }) => reason === 'slow-reader')).toBe(true);
    slow.startReading();
    const messages = await messagesOf(slow);
    expect(messages.length + dropped.all.length).toBe(20);
    for (const { payload } of messages) expectLarge(payload);
  });

  test('does not keep the chunk of which it was sent a small part, though that is a Buffer', async () => {
    const { connect } = brokerUnderTest();
    const written: Uint8Array[] = [];
    const slow = await connect({}, { channel: { toClient: { capacity: 1000 } }, wrap: recorded(written) });
    await slow.subscribe('t');
    slow.stopReading();
    const publisher = await connect({}, { wrap: inLargeBuffers });
    await publisher.publish('t', 'x'.repeat(3000));
    written.length = 0;
    await publisher.publish('t', 'x'.repeat(3000));
    expect(written.length).toBeGreaterThan(0);
    for (const piece of written) expect(piece.buffer.byteLength).toBeLessThanOrEqual(2 * piece.length);
  });
});

/** Gives each chunk as a Buffer on a part of much larger memory, as the reader of a WebSocket does. */
function inLargeBuffers(channel: ByteChannel): ByteChannel {
  const open = channel.open.bind(channel);
  channel.open = (receiver) =>
    open({
      received: (chunk) => {
        const memory = Buffer.alloc(1_000_000);
        memory.set(chunk, 500);
        receiver.received(memory.subarray(500, 500 + chunk.length));
      },
      drained: () => receiver.drained(),
      closed: (error) => receiver.closed(error),
    });
  return channel;
}
