/* What is special about MongoDB: it inserts where others replace, merges where others overwrite, and promises no order. */
import aedesPersistenceMongodb from 'aedes-persistence-mongodb';
import { describe, expect, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { closing } from './altered-instance.ts';
import { mongoInNoOrder, mongoInOrder, silent } from './backends.ts';
import { DocumentDatabase } from './document-database.ts';
import { enqueue, loaded, putSession, sampleMessage, sequences } from './sample-records.ts';

describe.each([mongoInOrder, mongoInNoOrder])('$name', (backend) => {
  test('a queue is read in order, page by page, whatever its page holds', async () => {
    const place = await backend.place();
    const store = closing(aedesStore(place.instance(), place.options));
    await loaded(store);
    const numbers = Array.from({ length: 100 }, (_, i) => i + 1);
    await store.commit([putSession('a'), ...enqueue('a', ...numbers)], 'written');
    expect(await sequences(store, 'a')).toEqual(numbers);
    for (const limits of [
      { entries: 7, bytes: 1_000_000 },
      { entries: 1000, bytes: 70 },
      { entries: 3, bytes: 1 },
    ]) {
      const seen: number[] = [];
      for (let after = 0; after < 100; after = seen.at(-1) ?? 100) {
        const page = await store.readQueue('a', after, limits);
        expect(page.length).toBeGreaterThan(0);
        expect(page.length).toBeLessThanOrEqual(limits.entries);
        seen.push(...page.map(({ sequence }) => sequence));
      }
      expect(seen).toEqual(numbers);
    }
  });

  test('a second Will takes the place of the first, and a session is written again and again', async () => {
    const place = await backend.place();
    const first = aedesStore(place.instance(), place.options);
    await loaded(first);
    for (const text of ['old', 'new']) {
      const { receivedAt: _, expiresAt: __, ...message } = sampleMessage(text);
      const will = { message: { ...message, origin: 'will' as const }, delayInterval: 0, dueAt: undefined };
      await first.commit([putSession('a'), { do: 'putWill', clientId: 'a', will }], 'written');
    }
    await first.close();
    const second = closing(aedesStore(place.instance(), place.options));
    const wills = (await loaded(second)).filter(({ kind }) => kind === 'will');
    expect(wills).toMatchObject([
      { clientId: 'a', will: { message: { payload: new TextEncoder().encode('new') } } },
    ]);
  });

  test('a retained message has nothing of the one before it', async () => {
    const place = await backend.place();
    const first = aedesStore(place.instance(), place.options);
    await loaded(first);
    const old = sampleMessage('old', { retain: true, properties: { contentType: 'x' }, expiresAt: 9e12 });
    const message = sampleMessage('new', { retain: true });
    await first.commit([{ do: 'putRetained', message: old }], 'written');
    await first.commit([{ do: 'putRetained', message }], 'written');
    await first.close();
    const second = closing(aedesStore(place.instance(), place.options));
    expect(await loaded(second)).toEqual([{ kind: 'retained', message }]);
  });
});

test('trying it out leaves nothing behind, however often it is done', async () => {
  const db = new DocumentDatabase((documents) => documents);
  for (let start = 0; start < 3; start++) {
    const store = aedesStore(aedesPersistenceMongodb({ db }), silent);
    await loaded(store);
    await store.close();
  }
  const sizes = ['subscriptions', 'retained', 'will', 'outgoing', 'incoming'].map((name) => {
    return db.collection(name).size;
  });
  // What says of which format the store is.
  expect(sizes).toEqual([0, 0, 0, 0, 1]);
});
