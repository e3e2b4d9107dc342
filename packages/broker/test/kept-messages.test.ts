import type { ByteChannel } from '@carillon/hooks';
import { memoryStore, type Store, type StoreOperation } from '@carillon/persistence';
import { Laboratory } from '@carillon/testkit';
import { expect, test } from 'vitest';
import { EngineBroker } from '../src/index.ts';

const durable = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };

function storeThatTells(): { store: Store; operations: StoreOperation[] } {
  const store = memoryStore();
  const operations: StoreOperation[] = [];
  const commit: Store['commit'] = (batch, durability) => {
    operations.push(...batch);
    return store.commit(batch, durability);
  };
  const methods: Store = {
    name: store.name,
    supports: store.supports,
    open: () => store.open(),
    load: () => store.load(),
    readQueue: (...asked) => store.readQueue(...asked),
    close: () => store.close(),
    commit,
  };
  return { store: methods, operations };
}

function messagesKept(operations: readonly StoreOperation[]) {
  return operations.flatMap((operation) => {
    if (operation.do === 'enqueue') return [operation.entry.message];
    return operation.do === 'putRetained' ? [operation.message] : [];
  });
}

test('a message that many sessions and the retained messages keep is one object', async () => {
  const laboratory = new Laboratory();
  const { store, operations } = storeThatTells();
  const broker = new EngineBroker({ persistence: store }, laboratory.platform);
  for (const clientId of ['present', 'away 1', 'away 2']) {
    const client = await laboratory.connect(broker, { clientId, ...durable });
    await client.subscribe('a', { qos: 1 });
    if (clientId !== 'present') await client.disconnect();
  }
  const alice = await laboratory.connect(broker);
  await alice.publish('a', 'x'.repeat(1000), { qos: 1, retain: true });
  const kept = messagesKept(operations);
  expect(kept).toHaveLength(4);
  expect(new Set(kept).size).toBe(1);
});

test('a message that is kept does not keep the chunk in which it came', async () => {
  const laboratory = new Laboratory();
  const { store, operations } = storeThatTells();
  const broker = new EngineBroker({ persistence: store }, laboratory.platform);
  const alice = await laboratory.connect(broker, {}, { channel: { cut: 'merged' } });
  const correlationData = new Uint8Array([1, 2, 3]);
  alice.publishOnly('large', 'x'.repeat(10_000));
  alice.publishOnly('a', 'small', { retain: true, properties: { correlationData } });
  await alice.settle();
  const [message] = messagesKept(operations);
  expect(message).toMatchObject({ topic: 'a', properties: { correlationData } });
  expect(message?.payload.buffer.byteLength).toBeLessThan(100);
  expect(message?.properties.correlationData?.buffer.byteLength).toBeLessThan(100);
});

/** Gives chunks as sockets do: as Buffers, whose `slice` is no copy. */
function withBuffers(channel: ByteChannel): ByteChannel {
  const open = channel.open.bind(channel);
  channel.open = (receiver) =>
    open({
      received: (chunk) => receiver.received(Buffer.from(chunk)),
      drained: () => receiver.drained(),
      closed: (error) => receiver.closed(error),
    });
  return channel;
}

test('a message that waits does not keep the Buffer in which it came', async () => {
  const laboratory = new Laboratory();
  const { store, operations } = storeThatTells();
  const broker = new EngineBroker({ persistence: store }, laboratory.platform);
  const bob = await laboratory.connect(broker, { clientId: 'bob', ...durable });
  await bob.subscribe('a', { qos: 1 });
  await bob.disconnect();
  const alice = await laboratory.connect(broker, {}, { channel: { cut: 'merged' }, wrap: withBuffers });
  alice.publishOnly('large', 'x'.repeat(10_000));
  alice.publishOnly('a', 'y'.repeat(200), { qos: 1 });
  await alice.settle();
  const [message] = messagesKept(operations);
  expect(new TextDecoder().decode(message?.payload)).toBe('y'.repeat(200));
  expect(message?.payload.buffer.byteLength).toBe(200);
});
