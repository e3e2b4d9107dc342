import type { DisconnectedEvent, DroppedEvent } from '@carillon/hooks';
import { expect, test } from 'vitest';
import type { Limits } from '../../src/index.ts';
import { brokerUnderTest, Notes } from '../broker-under-test.ts';

const way = { channel: { capacity: 4096 } } as const;

async function setUp(limits: Partial<Limits> = {}) {
  const dropped = new Notes<DroppedEvent>();
  const disconnected = new Notes<DisconnectedEvent>();
  const world = brokerUnderTest(
    { limits: { maximumOutputBytes: 10_000, ...limits } },
    { dropped: dropped.take, disconnected: disconnected.take },
  );
  const slow = await world.connect({ clientId: 'slow', properties: { sessionExpiryInterval: 1000 } }, way);
  const healthy = await world.connect({ clientId: 'healthy' }, way);
  for (const client of [slow, healthy]) await client.subscribe('t', { qos: 2 });
  return { ...world, slow, healthy, dropped, disconnected };
}

const text = (i: number) => `${i} ${'x'.repeat(1000)}`;

test('a slow reader loses QoS 0 beyond maximumOutputBytes and is told of; a healthy client loses nothing', async () => {
  const { slow, healthy, publish, dropped } = await setUp();
  slow.stopReading();
  for (let i = 0; i < 50; i++) {
    const receipt = await publish('t', text(i));
    expect(receipt.sent + receipt.dropped.length).toBe(2);
    expect((await healthy.receiveMessage()).text).toBe(text(i));
  }
  expect(dropped.all.length).toBeGreaterThan(20);
  expect(dropped.all.every(({ reason, clientId }) => reason === 'slow-reader' && clientId === 'slow')).toBe(
    true,
  );
  slow.startReading();
  const received = await slow.receiveAll();
  expect(received.length + dropped.all.length).toBe(50);
  await publish('t', 'again');
  expect((await slow.receiveMessage()).text).toBe('again');
});

test('a slow reader loses no QoS 1 and 2 message: they wait, and come in order', async () => {
  const { slow, healthy, publish, dropped, broker } = await setUp();
  slow.stopReading();
  for (let i = 0; i < 50; i++) {
    await publish('t', text(i), { qos: i % 2 === 0 ? 1 : 2 });
    expect((await healthy.receiveMessage()).text).toBe(text(i));
  }
  expect(broker.session('slow')?.queued).toBeGreaterThan(20);
  slow.startReading();
  for (let i = 0; i < 50; i++) expect((await slow.receiveMessage()).text).toBe(text(i));
  expect(dropped.all).toEqual([]);
});

test('the queue of a slow reader is limited as any other', async () => {
  const { slow, publish, dropped, broker } = await setUp({ maximumQueuedMessages: 5 });
  slow.stopReading();
  for (let i = 0; i < 50; i++) await publish('t', text(i), { qos: 1 });
  expect(broker.session('slow')?.queued).toBe(5);
  expect(new Set(dropped.all.map(({ reason }) => reason))).toEqual(new Set(['queue-full']));
});

test('what the broker holds for a client that reads nothing does not grow, whatever it asks for', async () => {
  const { slow, broker } = await setUp();
  slow.stopReading();
  const before = broker.counters();
  for (let i = 0; i < 20_000; i++) slow.send({ type: 'pingreq' });
  await slow.settle();
  const after = broker.counters();
  expect(after.bytesSent - before.bytesSent).toBeLessThan(30_000);
});

test('stalledOutputTimeout: who takes nothing for so long is cut off, and its session goes on', async () => {
  const { slow, healthy, publish, laboratory, disconnected, broker } = await setUp({
    stalledOutputTimeout: 5_000,
  });
  slow.stopReading();
  for (let i = 0; i < 30; i++) await publish('t', text(i), { qos: 1 });
  await healthy.receiveAll();
  await laboratory.advance(4_999);
  expect(broker.client('slow')).toBeDefined();
  await laboratory.advance(1);
  expect(broker.client('slow')).toBeUndefined();
  expect(disconnected.last).toMatchObject({ by: 'broker', client: { id: 'slow' } });
  expect(broker.session('slow')).toMatchObject({ connected: false });
  expect(healthy.closed).toBe(false);
});

test('stalledOutputTimeout: a client behind a slow link, which takes a little all the time, is not cut off', async () => {
  const { publish, laboratory, arrive, broker } = await setUp({ stalledOutputTimeout: 3_000 });
  const link = arrive({ channel: { toClient: { capacity: 2_000, latency: 1_000 } } });
  link.send({ type: 'connect', clientId: 'link' });
  link.send({ type: 'subscribe', packetId: 1, subscriptions: [{ filter: 'big', qos: 1 }] });
  await link.settle();
  for (let i = 0; i < 12; i++) await publish('big', 'x'.repeat(1_500), { qos: 1 });
  await laboratory.advance(8_000);
  expect(link.unread).toBeGreaterThan(2);
  expect(broker.client('link')).toBeDefined();
  await laboratory.advance(20_000);
  expect((await link.receiveAll()).filter(({ type }) => type === 'publish')).toHaveLength(12);
});

test('a connection that does not take the last words is cut off as well', async () => {
  const { slow, publish, laboratory, broker } = await setUp({ stalledOutputTimeout: 5_000 });
  slow.stopReading();
  for (let i = 0; i < 30; i++) await publish('t', text(i), { qos: 1 });
  broker.client('slow')?.disconnect();
  await laboratory.settle();
  expect(broker.session('slow')).toMatchObject({ connected: false });
  await laboratory.advance(5_000);
  slow.startReading();
  await slow.settle();
  expect(slow.closed).toBe(true);
});
