/* Backends sort queues each in their way, and overwrite or add: the order is that of the sequence numbers. */
import { describe, expect, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { allBackends } from './all-backends.ts';
import { closing } from './altered-instance.ts';
import {
  enqueue,
  loaded,
  putSession,
  sampleEntry,
  sampleMessage,
  sampleSubscription,
  sequences,
} from './sample-records.ts';

describe.each(allBackends)('on $name', (backend) => {
  test('messages that come after a restart overwrite none that wait, and wait behind them', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    await store.commit([putSession('a'), ...enqueue('a', 1, 2, 3)], 'written');
    await store.close();
    store = closing(aedesStore(place.instance(), place.options));
    const [session] = await loaded(store);
    expect(session).toMatchObject({ queue: { length: 3, lastSequence: 3 } });
    await store.commit(enqueue('a', 4, 5), 'written');
    expect(await sequences(store, 'a')).toEqual([1, 2, 3, 4, 5]);
  });

  test('sequence numbers go on where the queue was empty, after a crash too', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    await store.commit([putSession('a'), ...enqueue('a', 1, 2, 3)], 'written');
    await store.commit(
      [1, 2, 3].map((sequence) => ({ do: 'dequeue', clientId: 'a', sequence })),
      'written',
    );
    await store.close();
    store = aedesStore(place.instance(), place.options);
    expect(await loaded(store)).toMatchObject([{ queue: { length: 0, lastSequence: 3 } }]);
    await store.commit(enqueue('a', 4), 'written');
    await store.commit([{ do: 'dequeue', clientId: 'a', sequence: 4 }], 'written');
    await place.crash?.();
    store = closing(aedesStore(place.instance(), place.options));
    const [record] = await loaded(store);
    expect(record?.kind === 'session' && record.queue.lastSequence).toBeGreaterThanOrEqual(4);
  });

  test('of several changes to one thing in one batch the last one wins', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    const retained = Array.from({ length: 50 }, (_, i) => ({
      do: 'putRetained' as const,
      message: sampleMessage(`value ${i}`, { topic: `r/${i % 3}`, retain: true }),
    }));
    await store.commit([...retained, { do: 'deleteRetained', topic: 'r/2' }], 'written');
    await store.commit(
      [
        putSession('a'),
        { do: 'putSubscription', clientId: 'a', subscription: sampleSubscription('s', { qos: 2 }) },
        { do: 'putSubscription', clientId: 'a', subscription: sampleSubscription('s', { qos: 0 }) },
        ...enqueue('a', 1, 2),
        { do: 'dequeue', clientId: 'a', sequence: 1 },
      ],
      'written',
    );
    expect(await sequences(store, 'a')).toEqual([2]);
    await store.close();
    store = closing(aedesStore(place.instance(), place.options));
    const records = await loaded(store);
    const texts = records.flatMap((record) => {
      return record.kind === 'retained' ? [new TextDecoder().decode(record.message.payload)] : [];
    });
    expect(texts.sort()).toEqual(['value 48', 'value 49']);
    expect(records.filter(({ kind }) => kind === 'subscription')).toMatchObject([
      { subscription: { filter: 's', qos: 0 } },
    ]);
  });

  test('an entry that is enqueued again is replaced in its place', async () => {
    const place = await backend.place();
    let store = aedesStore(place.instance(), place.options);
    await loaded(store);
    await store.commit([putSession('a'), ...enqueue('a', 1, 2, 3)], 'written');
    const again = sampleEntry(2, { message: sampleMessage('again'), packetId: 9, state: 'sent' });
    await store.commit([{ do: 'enqueue', clientId: 'a', entry: again }], 'written');
    const shown = async () => {
      const page = await store.readQueue('a', 0, { entries: 10, bytes: 1000 });
      return page.map(({ sequence, message, packetId, state }) => {
        return [sequence, new TextDecoder().decode(message.payload), packetId, state];
      });
    };
    const expected = [
      [1, 'message 1', 0, 'queued'],
      [2, 'again', 9, 'sent'],
      [3, 'message 3', 0, 'queued'],
    ];
    expect(await shown()).toEqual(expected);
    await store.close();
    store = closing(aedesStore(place.instance(), place.options));
    await loaded(store);
    expect(await shown()).toEqual(expected);
  });

  test('a queue is read in pages, whatever is added and taken out between them', async () => {
    const place = await backend.place();
    const store = closing(aedesStore(place.instance(), place.options));
    await loaded(store);
    const numbers = Array.from({ length: 40 }, (_, i) => i + 1);
    await store.commit([putSession('a'), ...enqueue('a', ...numbers)], 'written');
    const limits = { entries: 16, bytes: 1_000_000 };
    const read = async (after: number) => {
      const page = await store.readQueue('a', after, limits);
      return page.map(({ sequence }) => sequence);
    };
    expect(await read(0)).toEqual(numbers.slice(0, 16));
    await store.commit([...enqueue('a', 41), { do: 'dequeue', clientId: 'a', sequence: 1 }], 'written');
    expect(await read(16)).toEqual(numbers.slice(16, 32));
    await store.commit([{ do: 'dequeue', clientId: 'a', sequence: 35 }], 'written');
    expect(await read(32)).toEqual([33, 34, 36, 37, 38, 39, 40, 41]);
    expect(await read(41)).toEqual([]);
    await store.commit(enqueue('a', 42), 'written');
    expect(await read(41)).toEqual([42]);
    expect(await read(0)).toEqual([2, ...numbers.slice(2, 17)]);
    const small = await store.readQueue('a', 0, { entries: 16, bytes: 1 });
    expect(small).toHaveLength(1);
  });
});
