/* No client meets what is another one's, whatever their ids and however the backend finds its keys. */
import aedesPersistenceLevel from 'aedes-persistence-level';
import aedesPersistenceLevel91 from 'aedes-persistence-level-9-1';
import { Level } from 'level';
import { expect, onTestFinished, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { closing } from './altered-instance.ts';
import { levelBackend, silent, temporaryFolder, warnings } from './backends.ts';
import { enqueue, loaded, putSession, sampleSubscription, sequences } from './sample-records.ts';

test('a backend that reads the queue of "ab" for "a" is recognized, told, and kept from it', async () => {
  const folder = await temporaryFolder();
  const { logger, all } = warnings();
  const first = aedesStore(aedesPersistenceLevel91(new Level(folder)), { logger });
  await loaded(first);
  const operations = ['a', 'ab', 'a:', 'abc'].flatMap((clientId) => [
    putSession(clientId),
    { do: 'putSubscription', clientId, subscription: sampleSubscription(`of/${clientId}`) } as const,
    ...enqueue(clientId, 1, 2),
    { do: 'putInboundId', clientId, packetId: 5 } as const,
  ]);
  await first.commit(operations, 'written');
  expect(await sequences(first, 'a')).toEqual([1, 2]);
  await first.commit([{ do: 'deleteSession', clientId: 'ab' }], 'written');
  await first.close();
  const second = closing(aedesStore(aedesPersistenceLevel91(new Level(folder)), silent));
  const records = await loaded(second);
  const sessions = records.flatMap((record) => (record.kind === 'session' ? [record] : []));
  expect(sessions.map(({ session }) => session.clientId).sort()).toEqual(['a', 'a:', 'abc']);
  for (const { queue } of sessions) expect(queue.length).toBe(2);
  expect(records.filter(({ kind }) => kind === 'subscription')).toHaveLength(3);
  expect(all.join()).toContain('mixes up clients whose ids begin alike');
});

test('a store whose client ids are written plainly is not opened by a backend that would mix them up', async () => {
  const folder = await temporaryFolder();
  const first = aedesStore(aedesPersistenceLevel(new Level(folder)), silent);
  await loaded(first);
  await first.close();
  const level = new Level(folder);
  onTestFinished(() => level.close());
  const second = aedesStore(aedesPersistenceLevel91(level), silent);
  await expect(second.open()).rejects.toMatchObject({ code: 'STORE_FORMAT_NEWER' });
});

test('a store whose client ids are encoded stays so after the backend was updated', async () => {
  const folder = await temporaryFolder();
  const first = aedesStore(aedesPersistenceLevel91(new Level(folder)), silent);
  await loaded(first);
  await first.commit([putSession('a'), ...enqueue('a', 1)], 'written');
  await first.close();
  const second = closing(aedesStore(aedesPersistenceLevel(new Level(folder)), silent));
  const records = await loaded(second);
  expect(records).toMatchObject([{ kind: 'session', session: { clientId: 'a' }, queue: { length: 1 } }]);
});

test('a client id that the backend cannot write is a store failure', async () => {
  const place = await levelBackend.place();
  const store = closing(aedesStore(place.instance(), place.options));
  await loaded(store);
  await expect(store.commit([putSession('\ud800')], 'written')).rejects.toMatchObject({ name: 'StoreError' });
});
