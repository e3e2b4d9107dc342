import { levelStore } from '@carillon/persistence-level';
import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';
import { enqueue, loaded, putSession } from './own-database.ts';

const limits = { entries: 256, bytes: 1_000_000 };

/** A store with one queue, that came in batches of these sizes. */
async function storeWith(...batches: readonly number[]) {
  const store = levelStore({ database: new MemoryLevel() });
  await loaded(store);
  await store.commit([putSession('a')], 'written');
  let sequence = 0;
  for (const size of batches) {
    await store.commit(
      Array.from({ length: size }, () => enqueue('a', ++sequence)),
      'written',
    );
  }
  return store;
}

async function pagesOf(store: Awaited<ReturnType<typeof storeWith>>): Promise<number[]> {
  const lengths: number[] = [];
  for (let last = 0; ; ) {
    const page = await store.readQueue('a', last, limits);
    if (page.length === 0) return lengths;
    lengths.push(page.length);
    expect(page.map(({ sequence }) => sequence)).toEqual(page.map((_, place) => last + 1 + place));
    last += page.length;
  }
}

test('a page ends where a batch ended rather than within the next one, which would be read twice', async () => {
  expect(await pagesOf(await storeWith(100, 100, 100, 100))).toEqual([200, 200]);
});

test('a page that would have too little ends within a batch', async () => {
  expect(await pagesOf(await storeWith(10, 250, 10))).toEqual([256, 14]);
});
