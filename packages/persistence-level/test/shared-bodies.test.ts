import { levelStore } from '@carillon/persistence-level';
import { expect, test } from 'vitest';
import {
  beneath,
  dequeue,
  enqueue,
  keysOf,
  loaded,
  messageOn,
  putSession,
  sequencesOf,
} from './own-database.ts';
import { temporaryFolder } from './places.ts';

const readers = ['a', 'b', 'c'];

/** A folder in which three sessions wait for one message, and the first also for one of its own. */
async function folderWithSharedBody(): Promise<string> {
  const location = await temporaryFolder();
  const store = levelStore({ location });
  await loaded(store);
  await store.commit(readers.map(putSession), 'written');
  const message = messageOn('for/all');
  await store.commit([...readers.map((id) => enqueue(id, 1, message)), enqueue('a', 2)], 'written');
  await store.close();
  return location;
}

test('a message that several sessions wait for is stored once', async () => {
  const location = await folderWithSharedBody();
  expect(await keysOf(location, 'b')).toHaveLength(1);
  expect(await keysOf(location, 'c')).toHaveLength(1);
  const values = await beneath(location, (database) => database.values().all());
  expect(values.filter((value) => Buffer.from(value).includes('to for/all'))).toHaveLength(1);
});

test('the body goes with the last who waits for it, over restarts', async () => {
  const location = await folderWithSharedBody();
  for (const [place, clientId] of readers.entries()) {
    const store = levelStore({ location });
    await loaded(store);
    await store.commit([dequeue(clientId, 1)], 'written');
    await store.close();
    expect(await keysOf(location, 'b')).toHaveLength(place < 2 ? 1 : 0);
    expect(await keysOf(location, 'c')).toHaveLength(place < 2 ? 1 : 0);
  }
});

test('the body goes with the last session that waits for it', async () => {
  const location = await folderWithSharedBody();
  const store = levelStore({ location });
  await loaded(store);
  const deletions = readers.map((clientId) => ({ do: 'deleteSession', clientId }) as const);
  await store.commit(deletions, 'written');
  await store.close();
  expect(await beneath(location, (database) => database.keys().all())).toEqual(['m\0format']);
});

test('a body stored after a restart does not take the place of an older one', async () => {
  const location = await folderWithSharedBody();
  const store = levelStore({ location });
  await loaded(store);
  const message = messageOn('later');
  await store.commit([enqueue('b', 2, message), enqueue('c', 2, message)], 'written');
  const page = await store.readQueue('b', 0, { entries: 9, bytes: 9999 });
  expect(page.map((entry) => entry.message.topic)).toEqual(['for/all', 'later']);
  expect(await sequencesOf(store, 'a')).toEqual([1, 2]);
  await store.close();
});
