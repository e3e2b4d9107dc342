import type { AcknowledgedEvent, DroppedEvent, PluginHooks } from '@carillon/hooks';
import type { PublishPacket } from '@carillon/protocol';
import type { ConnectDraft, PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import type { EngineOptions } from '../src/index.ts';
import { brokerUnderTest, Notes } from './broker-under-test.ts';
import { RecordingStore } from './persistence/recording-store.ts';

const inOneChunk = { channel: { cut: 'merged' } } as const;
const numbers = Array.from({ length: 40 }, (_, index) => index + 1);

/** A publisher and a receiver of `t` at QoS 1, whose packets each come in one chunk. */
async function setUp(options: EngineOptions = {}, hooks: PluginHooks = {}, draft: ConnectDraft = {}) {
  const world = brokerUnderTest(options, hooks);
  const publisher = await world.connect({ clientId: 'publisher' }, inOneChunk);
  const receiver = await world.connect({ clientId: 'receiver', ...draft }, inOneChunk);
  await receiver.subscribe('t', { qos: 1 });
  const say = async (texts: readonly (string | number)[], topic = 't') => {
    for (const text of texts) publisher.publishOnly(topic, String(text), { qos: 1 });
    await publisher.settle();
  };
  return { ...world, publisher, receiver, say };
}

async function messagesOf(client: PacketClient): Promise<PublishPacket[]> {
  return (await client.receiveAll()).flatMap((packet) => (packet.type === 'publish' ? [packet] : []));
}

async function acknowledge(client: PacketClient, messages: readonly { packetId: number }[]): Promise<void> {
  for (const { packetId } of messages) client.send({ type: 'puback', packetId });
  await client.settle();
}

async function pubacksOf(client: PacketClient): Promise<number[]> {
  return (await client.receiveAll()).flatMap((packet) => (packet.type === 'puback' ? [packet.packetId] : []));
}

function textOf({ payload }: { payload: Uint8Array }): string {
  return new TextDecoder().decode(payload);
}

describe('messages of QoS 1 in one chunk', () => {
  test('are acknowledged in order, and get identifiers of their receiver', async () => {
    const { publisher, receiver, say, broker } = await setUp();
    const before = broker.counters();
    await say(numbers);
    expect(await pubacksOf(publisher)).toEqual(numbers);
    const messages = await messagesOf(receiver);
    expect(messages.map(textOf)).toEqual(numbers.map(String));
    expect(messages.map(({ packetId }) => packetId)).toEqual(numbers);
    expect(broker.session('receiver')).toMatchObject({ inflight: 40, queued: 0 });
    await acknowledge(receiver, messages);
    expect(broker.session('receiver')).toMatchObject({ inflight: 0, queuedBytes: 0 });
    const after = broker.counters();
    expect(after.publishReceived - before.publishReceived).toBe(40);
    expect(after.messagesReceived - before.messagesReceived).toBe(80);
    expect(after.messagesSent - before.messagesSent).toBe(80);
  });

  test('reach a publisher who subscribes to them itself', async () => {
    const { publisher, say } = await setUp();
    await publisher.subscribe('t', { qos: 1 });
    await say(numbers);
    const packets = await publisher.receiveAll();
    expect(packets.filter(({ type }) => type === 'puback')).toHaveLength(40);
    const messages = packets.flatMap((packet) => (packet.type === 'publish' ? [textOf(packet)] : []));
    expect(messages).toEqual(numbers.map(String));
  });

  test('wait where the Receive Maximum is reached in their middle, and follow when there is room', async () => {
    const { receiver, say, broker } = await setUp({}, {}, { properties: { receiveMaximum: 15 } });
    await say(numbers);
    const first = await messagesOf(receiver);
    expect(first.map(textOf)).toEqual(numbers.slice(0, 15).map(String));
    expect(broker.session('receiver')).toMatchObject({ inflight: 15, queued: 25 });
    // In any order: each makes room for one.
    await acknowledge(receiver, first.slice(3).reverse());
    const second = await messagesOf(receiver);
    expect(second.map(textOf)).toEqual(numbers.slice(15, 27).map(String));
    await acknowledge(receiver, [...first.slice(0, 3), ...second]);
    expect((await messagesOf(receiver)).map(textOf)).toEqual(numbers.slice(27).map(String));
  });

  test('are dropped beyond the limit of the queue, and told of one by one', async () => {
    const dropped = new Notes<DroppedEvent>();
    const limits = { maximumInflight: 10, maximumQueuedMessages: 20 };
    const { receiver, say } = await setUp({ limits }, { dropped: dropped.take });
    await say(numbers);
    expect(dropped.all.map(({ message }) => textOf(message))).toHaveLength(10);
    const first = await messagesOf(receiver);
    await acknowledge(receiver, first);
    const second = await messagesOf(receiver);
    await acknowledge(receiver, second);
    const third = await messagesOf(receiver);
    const arrived = [...first, ...second, ...third].map(textOf);
    const lost = dropped.all.map(({ message }) => textOf(message));
    expect([...arrived, ...lost].sort()).toEqual(numbers.map(String).sort());
  });

  test('that are too large for one receiver are not for the other', async () => {
    const dropped = new Notes<DroppedEvent>();
    const { receiver, connect, say } = await setUp(
      {},
      { dropped: dropped.take },
      { properties: { maximumPacketSize: 120 } },
    );
    const other = await connect({}, inOneChunk);
    await other.subscribe('t', { qos: 1 });
    const texts = ['one', 'x'.repeat(200), 'three', 'four', 'five', 'y'.repeat(200), 'seven'];
    await say(texts);
    expect((await messagesOf(receiver)).map(textOf)).toEqual(texts.filter((text) => text.length < 100));
    expect((await messagesOf(other)).map(textOf)).toEqual(texts);
    expect(dropped.all.map(({ reason }) => reason)).toEqual(['too-large', 'too-large']);
  });

  test('end at a packet that is none, and what came before it has been taken', async () => {
    const { publisher, receiver, say } = await setUp();
    const begun = say(numbers);
    // A PUBLISH like them, with the packet identifier 0.
    publisher.sendBytes('32 06 00 01 74 00 00 00');
    await begun;
    expect((await messagesOf(receiver)).map(textOf)).toEqual(numbers.map(String));
    expect(await pubacksOf(publisher)).toEqual(numbers);
    expect(publisher.closed).toBe(true);
  });

  test('are sent again, each as it was, to a client that comes back to its session', async () => {
    const kept = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const { receiver, connect, say } = await setUp({}, {}, kept);
    await say(numbers);
    const messages = await messagesOf(receiver);
    await acknowledge(receiver, messages.slice(0, 10));
    await receiver.drop();
    const back = await connect({ clientId: 'receiver', ...kept }, inOneChunk);
    const again = await messagesOf(back);
    expect(again.map(textOf)).toEqual(numbers.slice(10).map(String));
    expect(again.map(({ packetId }) => packetId)).toEqual(numbers.slice(10));
    expect(again.every(({ dup }) => dup)).toBe(true);
  });

  test('are each told to be dropped when the session ends with its connection', async () => {
    const dropped = new Notes<DroppedEvent>();
    const { receiver, say } = await setUp({}, { dropped: dropped.take });
    await say(numbers);
    await acknowledge(receiver, (await messagesOf(receiver)).slice(0, 10));
    await receiver.drop();
    expect(dropped.all.map(({ message, reason }) => [textOf(message), reason])).toEqual(
      numbers.slice(10).map((number) => [String(number), 'session-ended']),
    );
  });

  test('are each told to be acknowledged, also to a plugin that asks since they were sent', async () => {
    const acknowledged = new Notes<AcknowledgedEvent>();
    const { receiver, say, broker } = await setUp();
    await say(numbers);
    const messages = await messagesOf(receiver);
    await acknowledge(receiver, messages.slice(0, 10));
    broker.use({ name: 'late', hooks: { acknowledged: acknowledged.take } });
    await acknowledge(receiver, messages.slice(10));
    expect(acknowledged.all.map(({ message, packetId }) => [textOf(message), packetId])).toEqual(
      numbers.slice(10).map((number) => [String(number), number]),
    );
  });

  test('may be refused by their receiver, one among others', async () => {
    const dropped = new Notes<DroppedEvent>();
    const { receiver, say, broker } = await setUp({}, { dropped: dropped.take });
    await say(numbers);
    const messages = await messagesOf(receiver);
    for (const { packetId } of messages) {
      receiver.send({ type: 'puback', packetId, reasonCode: packetId === 20 ? 0x83 : 0x00 });
    }
    await receiver.settle();
    expect(dropped.all.map(({ message, reason }) => [textOf(message), reason])).toEqual([
      ['20', 'refused-by-receiver'],
    ]);
    expect(broker.session('receiver')).toMatchObject({ inflight: 0, queuedBytes: 0 });
  });

  test('are there for whoever looks, and do not keep much of each other', async () => {
    const { receiver, say, broker } = await setUp();
    await say(numbers.map((number) => `${number} ${'x'.repeat(500)}`));
    const messages = await messagesOf(receiver);
    await acknowledge(receiver, messages.slice(0, 29));
    const thirtieth = broker.inflight('receiver', 30);
    expect(thirtieth?.message).toMatchObject({ topic: 't', qos: 1, retain: false, publisherId: 'publisher' });
    const payload = thirtieth?.message.payload ?? new Uint8Array(0);
    expect(textOf({ payload })).toBe(`30 ${'x'.repeat(500)}`);
    expect(payload.buffer.byteLength).toBeLessThanOrEqual(8192);
    // Asked for twice, it is the same; looked at, it is acknowledged like any other.
    expect(broker.inflight('receiver', 30)?.message).toBe(thirtieth?.message);
    await acknowledge(receiver, messages.slice(29));
    expect(broker.inflight('receiver', 30)).toBeUndefined();
    expect(broker.session('receiver')).toMatchObject({ inflight: 0, queuedBytes: 0 });
  });

  test('keep their Correlation Data, and not the chunk they came in', async () => {
    const { publisher, receiver, broker } = await setUp();
    const correlationData = new Uint8Array([1, 2, 3]);
    for (const number of numbers) {
      publisher.publishOnly('t', String(number), { qos: 1, properties: { correlationData } });
    }
    await receiver.settle();
    const { properties } = broker.inflight('receiver', 7)?.message ?? {};
    expect(properties?.correlationData).toEqual(correlationData);
    expect(properties?.correlationData?.buffer.byteLength).toBeLessThan(100);
  });
});

describe('messages of QoS 1 in one chunk, some of which are stored', () => {
  /** As before, and a client whose session is kept, which subscribes to `stored`. The store is slow from here on. */
  async function setUpWithStore(limits: EngineOptions['limits'] = {}) {
    const store = new RecordingStore();
    const world = await setUp({ persistence: store, limits });
    const kept = await world.connect(
      { clientId: 'kept', properties: { sessionExpiryInterval: 60 } },
      inOneChunk,
    );
    await kept.subscribe('stored', { qos: 1 });
    store.hold();
    return { ...world, store, kept };
  }

  test('are acknowledged when they are stored, and not before', async () => {
    const { publisher, receiver, kept, say, store } = await setUpWithStore();
    await receiver.subscribe('stored', { qos: 1 });
    await say(numbers, 'stored');
    expect((await messagesOf(receiver)).map(textOf)).toEqual(numbers.map(String));
    expect(await pubacksOf(publisher)).toEqual([]);
    store.release();
    expect(await pubacksOf(publisher)).toEqual(numbers);
    expect((await messagesOf(kept)).map(textOf)).toEqual(numbers.map(String));
  });

  test('are acknowledged in order where only the first of them are stored', async () => {
    const { publisher, receiver, say, store } = await setUpWithStore();
    const begun = say([1, 2, 3], 'stored');
    await say(numbers.slice(3), 't');
    await begun;
    expect((await messagesOf(receiver)).map(textOf)).toEqual(numbers.slice(3).map(String));
    expect(await pubacksOf(publisher)).toEqual([]);
    store.release();
    expect(await pubacksOf(publisher)).toEqual(numbers);
  });

  test('count against the Receive Maximum of the broker while they wait for the store', async () => {
    const { publisher, say } = await setUpWithStore({ receiveMaximum: 20 });
    await say(numbers, 'stored');
    expect(await publisher.receiveAll()).toMatchObject([{ type: 'disconnect', reasonCode: 0x93 }]);
  });
});
