import type { DroppedEvent, PluginHooks } from '@carillon/hooks';
import type { PublishPacket, PublishProperties } from '@carillon/protocol';
import type { ConnectDraft, LaboratoryClientOptions, PacketClient } from '@carillon/testkit';
import { describe, expect, test } from 'vitest';
import type { EngineOptions } from '../src/index.ts';
import { brokerUnderTest, Notes } from './broker-under-test.ts';

const inOneChunk = { channel: { cut: 'merged' } } as const;
const payloads = ['one', '', 'three', 'x'.repeat(300), 'five'];

/** A publisher whose packets come in one chunk, and a subscriber to `t`. */
async function setUp(
  options: EngineOptions = {},
  hooks: PluginHooks = {},
  subscriber: { draft?: ConnectDraft; how?: Omit<LaboratoryClientOptions, 'laboratory'> } = {},
) {
  const world = brokerUnderTest(options, hooks);
  const publisher = await world.connect({ clientId: 'publisher' }, inOneChunk);
  const receiver = await world.connect({ clientId: 'receiver', ...subscriber.draft }, subscriber.how);
  const say = async (texts: readonly string[], properties: PublishProperties = {}) => {
    for (const text of texts) publisher.publishOnly('t', text, { properties });
    await publisher.settle();
  };
  return { ...world, publisher, receiver, say };
}

function textOf({ payload }: { payload: Uint8Array }): string {
  return new TextDecoder().decode(payload);
}

async function messagesOf(client: PacketClient): Promise<PublishPacket[]> {
  return (await client.receiveAll()).flatMap((packet) => (packet.type === 'publish' ? [packet] : []));
}

async function textsOf(client: PacketClient): Promise<string[]> {
  return (await messagesOf(client)).map(textOf);
}

describe('messages of one topic in one chunk', () => {
  test('reach every subscriber, each once and in order', async () => {
    const { receiver, connect, say, broker } = await setUp();
    const others = [await connect(), await connect({}, { protocolVersion: 4 })];
    for (const client of [receiver, ...others]) await client.subscribe('t');
    const before = broker.counters();
    await say(payloads);
    for (const client of [receiver, ...others]) expect(await textsOf(client)).toEqual(payloads);
    const after = broker.counters();
    expect(after.publishReceived - before.publishReceived).toBe(payloads.length);
    expect(after.messagesReceived - before.messagesReceived).toBe(payloads.length);
    expect(after.publishSent - before.publishSent).toBe(3 * payloads.length);
  });

  test('keep properties and the whole of their expiry interval', async () => {
    const { receiver, say } = await setUp();
    await receiver.subscribe('t');
    const properties = { contentType: 'text', messageExpiryInterval: 60 };
    await say(payloads, properties);
    for (const message of await messagesOf(receiver)) expect(message.properties).toEqual(properties);
  });

  test('are each looked at by hooks', async () => {
    const { receiver, say } = await setUp(
      {},
      { authorizePublish: ({ message }) => message.payload.length !== 5 },
    );
    await receiver.subscribe('t');
    await say(payloads);
    expect(await textsOf(receiver)).toEqual(['one', '', 'x'.repeat(300), 'five']);
  });

  test.each<[string, (see: () => undefined) => PluginHooks]>([
    ['delivered', (see) => ({ delivered: see })],
    ['published', (see) => ({ published: see })],
    ['commitPublish', (see) => ({ commitPublish: see })],
    [
      'authorizeDeliver',
      (see) => ({
        authorizeDeliver: () => {
          see();
          return true;
        },
      }),
    ],
    ['rewriteDeliver', (see) => ({ rewriteDeliver: see })],
    ['rewritePublish', (see) => ({ rewritePublish: see })],
  ])('are each shown to %s', async (_, hooksThat) => {
    let seen = 0;
    const { receiver, say } = await setUp(
      {},
      hooksThat(() => void seen++),
    );
    await receiver.subscribe('t');
    await say(payloads);
    expect(await textsOf(receiver)).toEqual(payloads);
    expect(seen).toBe(payloads.length);
  });

  test('carry the subscription identifiers of their receiver', async () => {
    const { receiver, say } = await setUp();
    await receiver.subscribe('t', { properties: { subscriptionIdentifier: 7 } });
    await say(payloads);
    const received = await messagesOf(receiver);
    expect(received.map(({ properties }) => properties.subscriptionIdentifiers)).toEqual(
      payloads.map(() => [7]),
    );
  });

  test('are shared out one by one', async () => {
    const { receiver, connect, say } = await setUp();
    const other = await connect();
    for (const client of [receiver, other]) await client.subscribe('$share/group/t');
    await say(payloads);
    const [one, two] = [await textsOf(receiver), await textsOf(other)];
    expect(Math.abs(one.length - two.length)).toBe(1);
    expect([...one, ...two].sort()).toEqual([...payloads].sort());
  });

  test('do not come back to a publisher with No Local', async () => {
    const { publisher, receiver, say } = await setUp();
    await publisher.subscribe('t', { noLocal: true });
    await receiver.subscribe('t', { noLocal: true });
    await say(payloads);
    expect(await textsOf(publisher)).toEqual([]);
    expect(await textsOf(receiver)).toEqual(payloads);
  });

  test('are each given twice, in order, where every subscription has its copy', async () => {
    const { receiver, say } = await setUp({ overlappingSubscriptions: 'copy-per-filter' });
    await receiver.subscribe('t');
    await receiver.subscribe('+');
    await say(['one', 'two']);
    expect(await textsOf(receiver)).toEqual(['one', 'one', 'two', 'two']);
  });

  test('stay away from a client that takes smaller packets, where they are larger', async () => {
    const dropped = new Notes<DroppedEvent>();
    const small = { draft: { properties: { maximumPacketSize: 100 } } };
    const { receiver, say } = await setUp({}, { dropped: dropped.take }, small);
    await receiver.subscribe('t');
    await say(payloads);
    expect(await textsOf(receiver)).toEqual(['one', '', 'three', 'five']);
    expect(dropped.all.map(({ reason }) => reason)).toEqual(['too-large']);
  });

  test('are dropped beyond what a client that does not read may leave, and told of one by one', async () => {
    const dropped = new Notes<DroppedEvent>();
    const { receiver, say } = await setUp(
      { limits: { maximumOutputBytes: 10_000 } },
      { dropped: dropped.take },
      { how: { channel: { capacity: 4096 } } },
    );
    await receiver.subscribe('t');
    receiver.stopReading();
    const many = Array.from({ length: 50 }, (_, number) => `${number} ${'x'.repeat(1000)}`);
    await say(many);
    expect(dropped.all.length).toBeGreaterThan(20);
    receiver.startReading();
    const received = await textsOf(receiver);
    expect(received).toEqual(many.slice(0, received.length));
    expect(received.length + dropped.all.length).toBe(50);
  });

  test('wait in order for a client that is away, where QoS 0 waits', async () => {
    const kept = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const { receiver, connect, say } = await setUp({ queueQoS0: true }, {}, { draft: kept });
    await receiver.subscribe('t');
    await receiver.disconnect();
    await say(payloads);
    const back = await connect({ clientId: 'receiver', ...kept });
    expect(await textsOf(back)).toEqual(payloads);
  });

  test('are known by their own names below a mount point', async () => {
    const { receiver, say } = await setUp(
      {},
      { authenticate: () => ({ allow: true, mountPoint: 'tenant/' }) },
    );
    await receiver.subscribe('t');
    await say(payloads);
    const received = await messagesOf(receiver);
    expect(received.map((message) => [message.topic, textOf(message)])).toEqual(
      payloads.map((text) => ['t', text]),
    );
  });

  test('are kept from whoever may not receive them', async () => {
    const { receiver, say } = await setUp(
      {},
      {
        authenticate: ({ clientId }) =>
          clientId === 'receiver' ? { allow: true, permissions: { receive: ['other'] } } : true,
      },
    );
    await receiver.subscribe('t');
    await say(payloads);
    expect(await textsOf(receiver)).toEqual([]);
  });

  test('are refused with the first where the publisher may not publish there', async () => {
    const { receiver, say } = await setUp(
      {},
      {
        authenticate: ({ clientId }) =>
          clientId === 'publisher' ? { allow: true, permissions: { publish: ['other'] } } : true,
      },
    );
    await receiver.subscribe('t');
    await say(payloads);
    expect(await textsOf(receiver)).toEqual([]);
  });
});
