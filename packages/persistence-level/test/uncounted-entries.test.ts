import { checkLevelStore, levelStore } from '@carillon/persistence-level';
import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';
import { dequeue, enqueue, loaded, putSession } from './own-database.ts';

/** The sums of the queue of `a`, as a process finds them that comes after one which did not close its store. */
async function sumsAfterCrash(database: MemoryLevel<string, Uint8Array>) {
  const records = await loaded(levelStore({ database }));
  return records.flatMap((record) => (record.kind === 'session' ? [record.queue] : []));
}

test('entries whose sums were not written yet are counted when the store is loaded', async () => {
  const database = new MemoryLevel<string, Uint8Array>();
  const store = levelStore({ database });
  await loaded(store);
  await store.commit([putSession('a')], 'written');
  for (let sequence = 1; sequence <= 2500; sequence++)
    await store.commit([enqueue('a', sequence)], 'written');
  const bytes = 't'.length + 'to t'.length;
  expect(await sumsAfterCrash(database)).toEqual([{ length: 2500, bytes: 2500 * bytes, lastSequence: 2500 }]);
  await store.commit([dequeue('a', 1)], 'written');
  await store.commit([enqueue('a', 2501)], 'written');
  await store.commit([enqueue('a', 2502)], 'written');
  expect(await sumsAfterCrash(database)).toEqual([{ length: 2501, bytes: 2501 * bytes, lastSequence: 2502 }]);
  expect(await checkLevelStore({ database })).toMatchObject({ wrong: 0 });
});

test('a store that is closed leaves nothing to count', async () => {
  const database = new MemoryLevel<string, Uint8Array>();
  const store = levelStore({ database });
  await loaded(store);
  await store.commit([putSession('a')], 'written');
  for (const sequence of [1, 2, 3]) await store.commit([enqueue('a', sequence)], 'written');
  const isOpen = async (): Promise<boolean> => {
    const sums = await database.get('n\0a', { keyEncoding: 'utf8', valueEncoding: 'view' });
    return sums === undefined || sums.at(-1) === 1;
  };
  expect(await isOpen()).toBe(true);
  await store.close();
  await database.open();
  expect(await isOpen()).toBe(false);
});
