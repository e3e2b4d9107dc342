import { type DamagedRecord, levelStore } from '@carillon/persistence-level';
import { expect, test } from 'vitest';
import { beneath, enqueue, keysOf, loaded, messageOn, putSession, sequencesOf } from './own-database.ts';
import { temporaryFolder } from './places.ts';

/** A folder with two sessions, two entries each, and two retained messages. */
async function filledFolder(): Promise<string> {
  const location = await temporaryFolder();
  const store = levelStore({ location });
  await loaded(store);
  const operations = ['a', 'b'].flatMap((id) => [putSession(id), enqueue(id, 1), enqueue(id, 2)]);
  const retained = ['t/1', 't/2'].map((topic) => ({ do: 'putRetained', message: messageOn(topic) }) as const);
  await store.commit([...operations, ...retained], 'written');
  await store.close();
  return location;
}

function put(location: string, key: string, value: Uint8Array): Promise<void> {
  return beneath(location, (database) => database.put(key, value));
}

test('a store of a newer format is refused with the versions, and is let go of', async () => {
  const location = await filledFolder();
  await put(location, 'm\0format', Uint8Array.of(99));
  const store = levelStore({ location });
  await expect(store.open()).rejects.toMatchObject({
    code: 'STORE_FORMAT_NEWER',
    message: expect.stringMatching(/it has format 99, and this version of Carillon reads formats up to \d+/),
  });
  await put(location, 'm\0format', Uint8Array.of(1));
  expect(await loaded(levelStore({ location }))).toHaveLength(4);
});

test('a store whose format cannot be read is refused as damaged', async () => {
  const location = await filledFolder();
  await put(location, 'm\0format', Buffer.from('nonsense'));
  await expect(levelStore({ location }).open()).rejects.toMatchObject({ code: 'STORE_DAMAGED' });
});

test.each([
  ['session', 's\0a', ['b']],
  ['retained message', 'r\0t/1', ['a', 'b']],
])('a damaged %s is told with its key and set aside, and all others load', async (_kind, key, sessions) => {
  const location = await filledFolder();
  await put(location, key, Buffer.from([0xc1, 0xff]));
  const damaged: DamagedRecord[] = [];
  const store = levelStore({ location, damaged: (record) => damaged.push(record) });
  const records = await loaded(store);
  expect(records).toHaveLength(3);
  expect(records.flatMap((record) => (record.kind === 'session' ? record.session.clientId : []))).toEqual(
    sessions,
  );
  expect(damaged.map((record) => record.key)).toEqual([key]);
  await store.close();
  expect(await keysOf(location, 'x')).toEqual([`x\0${key}`]);
});

test('a damaged sum of a queue is counted anew', async () => {
  const location = await filledFolder();
  await put(location, 'n\0a', Buffer.from([0xc1]));
  const damaged: string[] = [];
  const store = levelStore({ location, damaged: ({ key }) => damaged.push(key) });
  const records = await loaded(store);
  expect(damaged).toEqual(['n\0a']);
  const bytes = 2 * ('t'.length + 'to t'.length);
  expect(
    records.find((record) => record.kind === 'session' && record.session.clientId === 'a'),
  ).toMatchObject({
    queue: { length: 2, bytes, lastSequence: 2 },
  });
  await store.commit([enqueue('a', 3)], 'written');
  expect(await sequencesOf(store, 'a')).toEqual([1, 2, 3]);
  await store.close();
});

test('a damaged chunk of a queue is skipped, and the queue goes on behind it', async () => {
  const location = await filledFolder();
  const filling = levelStore({ location });
  await loaded(filling);
  await filling.commit([enqueue('a', 3)], 'written');
  await filling.close();
  const [key = ''] = await keysOf(location, 'q');
  await put(location, key, Buffer.from('nonsense'));
  const damaged: string[] = [];
  const store = levelStore({ location, damaged: (record) => damaged.push(record.key) });
  await loaded(store);
  expect(await sequencesOf(store, 'a', 1)).toEqual([3]);
  expect(damaged).toEqual([key]);
  await store.close();
});

test('what a session that cannot be read has left is not that of a new session', async () => {
  const location = await filledFolder();
  await put(location, 's\0a', Buffer.from([0xc1]));
  const store = levelStore({ location });
  await loaded(store);
  await store.commit([putSession('a'), enqueue('a', 1, messageOn('new'))], 'written');
  const page = await store.readQueue('a', 0, { entries: 9, bytes: 9999 });
  expect(page.map(({ message }) => message.topic)).toEqual(['new']);
  await store.close();
});
