import { checkLevelStore, levelStore } from '@carillon/persistence-level';
import { Level } from 'level';
import { expect, test } from 'vitest';
import { FailingLevel } from './failing-level.ts';
import { dequeue, enqueue, loaded, messageOn, putSession, sequencesOf } from './own-database.ts';
import { temporaryFolder } from './places.ts';

test('a full disk is told as such, and the next commit opens the database anew and is stored', async () => {
  const database = new FailingLevel(new Level(await temporaryFolder(), { valueEncoding: 'view' }));
  const store = levelStore({ database });
  await loaded(store);
  await store.commit([putSession('a'), enqueue('a', 1)], 'synced');
  database.failNextBatch();
  await expect(store.commit([enqueue('a', 2)], 'synced')).rejects.toMatchObject({
    code: 'STORE_FULL',
    failure: 'full',
    message: expect.stringContaining('no room is left on the disk'),
  });
  expect(database.opened).toBe(1);
  await store.commit([enqueue('a', 3)], 'synced');
  expect(database.opened).toBe(2);
  expect(await sequencesOf(store, 'a')).toEqual([1, 3]);
  await store.close();
});

test('queues are readable while the disk takes nothing', async () => {
  const database = new FailingLevel(new Level(await temporaryFolder(), { valueEncoding: 'view' }));
  const store = levelStore({ database });
  await loaded(store);
  await store.commit([putSession('a'), enqueue('a', 1)], 'synced');
  database.failNextBatch();
  await expect(store.commit([enqueue('a', 2)], 'synced')).rejects.toThrow();
  expect(await sequencesOf(store, 'a')).toEqual([1]);
  await store.close();
});

test('what a failed batch has stored all the same can be taken out again', async () => {
  const database = new FailingLevel(new Level(await temporaryFolder(), { valueEncoding: 'view' }));
  const store = levelStore({ database });
  await loaded(store);
  await store.commit([putSession('a'), putSession('b'), enqueue('a', 1)], 'synced');
  database.failAfterNextBatch();
  const message = messageOn('both');
  await expect(
    store.commit([enqueue('a', 2, message), enqueue('a', 3), enqueue('b', 1, message)], 'synced'),
  ).rejects.toThrow();
  await store.commit([dequeue('a', 2)], 'synced');
  expect(await sequencesOf(store, 'a')).toEqual([1, 3]);
  await store.commit([dequeue('a', 3), dequeue('b', 1), enqueue('a', 4)], 'synced');
  expect(await sequencesOf(store, 'a')).toEqual([1, 4]);
  expect(await sequencesOf(store, 'b')).toEqual([]);
  await store.close();
  const { findings } = await checkLevelStore({ database });
  expect(findings).toEqual([]);
});
