/*
 * What is known of aedes-persistence-mongodb, on the instance in memory: it inserts where others replace, merges
 * retained messages into older ones, and reads queues in no order.
 */
import { createRequire } from 'node:module';
import { expect, onTestFinished, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { enqueue, loaded, putSession, sampleMessage, sequences } from './sample-records.ts';

const require = createRequire(import.meta.url);
const MemoryPersistence = require('aedes-persistence/asyncPersistence.js');

class LikeMongo extends MemoryPersistence {
  readonly #retained = new Map<string, object>();

  async putWill(client: { id: string }, packet: object): Promise<unknown> {
    const known = await this.getWill(client);
    if (known !== undefined && known !== null) throw new Error('E11000 duplicate key error collection: will');
    return super.putWill(client, packet);
  }

  async incomingStorePacket(client: object, packet: object): Promise<unknown> {
    const isKnown = await this.incomingGetPacket(client, packet).then(
      () => true,
      () => false,
    );
    if (isKnown) throw new Error('E11000 duplicate key error collection: incoming');
    return super.incomingStorePacket(client, packet);
  }

  async storeRetained(packet: { topic: string }): Promise<unknown> {
    const merged = { ...this.#retained.get(packet.topic), ...packet };
    this.#retained.set(packet.topic, merged);
    return super.storeRetained(merged);
  }

  async *outgoingStream(client: object): AsyncGenerator<unknown> {
    const packets: unknown[] = [];
    for await (const packet of super.outgoingStream(client)) packets.push(packet);
    yield* packets.reverse();
  }
}

const silent = { logger: { warn: () => {} }, destroyOnClose: false };

test('a queue that comes back in no order is sorted, page by page', async () => {
  const instance = new LikeMongo();
  for (let restart = 0; restart < 2; restart++) {
    const store = aedesStore(instance, silent);
    await loaded(store);
    if (restart === 0) await store.commit([putSession('a'), ...enqueue('a', 1, 2, 3, 4, 5)], 'written');
    expect(await sequences(store, 'a')).toEqual([1, 2, 3, 4, 5]);
    const page = await store.readQueue('a', 2, { entries: 2, bytes: 1000 });
    expect(page.map(({ sequence }) => sequence)).toEqual([3, 4]);
    await store.close();
  }
});

test('a second Will takes the place of the first, and a session is written again and again', async () => {
  const instance = new LikeMongo();
  const first = aedesStore(instance, silent);
  await loaded(first);
  for (const text of ['old', 'new']) {
    const { receivedAt: _, expiresAt: __, ...message } = sampleMessage(text);
    const will = { message: { ...message, origin: 'will' as const }, delayInterval: 0, dueAt: undefined };
    await first.commit([putSession('a'), { do: 'putWill', clientId: 'a', will }], 'written');
  }
  await first.close();
  const second = aedesStore(instance, silent);
  onTestFinished(() => second.close());
  const wills = (await loaded(second)).filter(({ kind }) => kind === 'will');
  expect(wills).toMatchObject([
    { clientId: 'a', will: { message: { payload: new TextEncoder().encode('new') } } },
  ]);
});

test('a retained message has nothing of the one before it', async () => {
  const instance = new LikeMongo();
  const first = aedesStore(instance, silent);
  await loaded(first);
  const old = sampleMessage('old', { retain: true, properties: { contentType: 'x' }, expiresAt: 9e12 });
  const message = sampleMessage('new', { retain: true });
  await first.commit([{ do: 'putRetained', message: old }], 'written');
  await first.commit([{ do: 'putRetained', message }], 'written');
  await first.close();
  const second = aedesStore(instance, silent);
  onTestFinished(() => second.close());
  expect(await loaded(second)).toEqual([{ kind: 'retained', message }]);
});
