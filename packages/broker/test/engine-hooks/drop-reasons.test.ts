import type { DroppedEvent, PluginHooks } from '@carillon/hooks';
import { expect, test } from 'vitest';
import type { EngineOptions } from '../../src/index.ts';
import { brokerUnderTest, FailingStore, Notes } from '../broker-under-test.ts';

const kept = { sessionExpiryInterval: 1000 };

function setUp(options: EngineOptions = {}, hooks: PluginHooks = {}) {
  const dropped = new Notes<DroppedEvent>();
  return { ...brokerUnderTest(options, { ...hooks, dropped: dropped.take }), dropped };
}

type World = ReturnType<typeof setUp>;

/** A session of `c` with a subscription to `t`, whose client is away. */
async function away({ connect }: World): Promise<void> {
  const client = await connect({ clientId: 'c', properties: kept });
  await client.subscribe('t', { qos: 2 });
  await client.disconnect();
}

function expectDropped({ dropped, broker }: World, ...drops: readonly object[]): void {
  expect(dropped.all).toMatchObject(drops);
  expect(broker.counters().publishDropped).toBe(drops.length);
}

test('offline: a QoS 0 message for a session whose client is away', async () => {
  const world = setUp();
  await away(world);
  const receipt = await world.publish('t', 'x');
  expect(receipt.dropped).toEqual([{ reason: 'offline', clientId: 'c' }]);
  expectDropped(world, { reason: 'offline', clientId: 'c', message: { topic: 't' } });
});

test('queue-full: the newest goes, or by option the oldest', async () => {
  for (const [queueOverflow, lost] of [
    ['drop-newest', '3'],
    ['drop-oldest', '1'],
  ] as const) {
    const world = setUp({ queueOverflow, limits: { maximumQueuedMessages: 2 } });
    await away(world);
    for (const text of ['1', '2', '3']) await world.publish('t', text, { qos: 1 });
    expectDropped(world, { reason: 'queue-full', clientId: 'c' });
    expect(new TextDecoder().decode(world.dropped.last?.message.payload)).toBe(lost);
  }
});

test('queue-bytes: the queue has room for no more bytes', async () => {
  const world = setUp({ limits: { maximumQueuedBytes: 10 } });
  await away(world);
  expect((await world.publish('t', '123456789', { qos: 1 })).dropped).toEqual([]);
  expect((await world.publish('t', '1', { qos: 1 })).dropped).toEqual([
    { reason: 'queue-bytes', clientId: 'c' },
  ]);
  expectDropped(world, { reason: 'queue-bytes' });
});

test('expired: the message waited longer than it wanted to', async () => {
  const world = setUp();
  await away(world);
  await world.publish('t', 'x', { qos: 1, properties: { messageExpiryInterval: 10 } });
  await world.laboratory.advance(10_000);
  const client = await world.connect({ clientId: 'c', cleanStart: false, properties: kept });
  await client.expectNothing();
  expectDropped(world, { reason: 'expired', clientId: 'c' });
});

for (const qos of [0, 1, 2] as const) {
  test(`too-large: a QoS ${qos} message is larger than the client takes`, async () => {
    const world = setUp();
    const client = await world.connect({ clientId: 'c', properties: { maximumPacketSize: 50 } });
    await client.subscribe('t', { qos });
    const receipt = await world.publish('t', 'x'.repeat(100), { qos });
    expect(receipt).toEqual({
      matched: 1,
      sent: 0,
      queued: 0,
      dropped: [{ reason: 'too-large', clientId: 'c' }],
    });
    await world.publish('t', 'small', { qos });
    expect((await client.receiveMessage()).text).toBe('small');
    expectDropped(world, { reason: 'too-large', clientId: 'c' });
    expect(world.broker.session('c')).toMatchObject({ inflight: 0, queuedBytes: 0 });
  });
}

test('session-ended: what waited for a session that expired', async () => {
  const world = setUp();
  await away(world);
  await world.publish('t', '1', { qos: 1 });
  await world.publish('t', '2', { qos: 2 });
  await world.laboratory.advance(1_000_000);
  expectDropped(world, { reason: 'session-ended', clientId: 'c' }, { reason: 'session-ended' });
});

test('refused-by-receiver: the client answers with a reason code of 0x80 or above', async () => {
  const world = setUp();
  const client = await world.connect({ clientId: 'c' });
  await client.subscribe('t', { qos: 2 });
  await world.publish('t', '1', { qos: 1 });
  const one = await client.expect('publish');
  client.send({ type: 'puback', packetId: one.packetId, reasonCode: 0x97 });
  await world.publish('t', '2', { qos: 2 });
  const two = await client.expect('publish');
  client.send({ type: 'pubrec', packetId: two.packetId, reasonCode: 0x80 });
  await client.settle();
  expectDropped(world, { reason: 'refused-by-receiver' }, { reason: 'refused-by-receiver', clientId: 'c' });
});

test('store-failed: a QoS 2 copy that was not stored is not delivered', async () => {
  const store = new FailingStore();
  const world = setUp({ persistence: store });
  await away(world);
  store.fails = true;
  await expect(world.publish('t', 'x', { qos: 2 })).rejects.toMatchObject({ code: 'PUBLISH_NOT_STORED' });
  store.fails = false;
  expectDropped(world, { reason: 'store-failed', clientId: 'c' });
  expect(world.broker.session('c')?.queued).toBe(0);
});

test('retained-full: delivered, but not kept', async () => {
  const world = setUp({ limits: { maximumRetainedMessages: 1 } });
  const client = await world.connect({ clientId: 'c' });
  await client.subscribe('#');
  await world.publish('a', 'x', { retain: true });
  const receipt = await world.publish('b', 'x', { retain: true });
  expect(receipt).toEqual({ matched: 1, sent: 1, queued: 0, dropped: [{ reason: 'retained-full' }] });
  expectDropped(world, { reason: 'retained-full', clientId: undefined, message: { topic: 'b' } });
  expect(world.broker.retained('b')).toBeUndefined();
});

test('handler-full: a handler in this process does not keep up', async () => {
  const world = setUp();
  world.broker.subscribe('t', () => new Promise(() => {}), { maximumQueuedMessages: 1 });
  for (let i = 0; i < 3; i++) await world.publish('t', `${i}`);
  expectDropped(world, { reason: 'handler-full', clientId: undefined });
  expect(new TextDecoder().decode(world.dropped.last?.message.payload)).toBe('2');
});
