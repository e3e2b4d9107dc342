/* What a crash in the middle of a batch leaves is tidied up at the next start. */
import aedesPersistenceLevel from 'aedes-persistence-level';
import { Level } from 'level';
import { expect, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { innerOf, MemoryPersistence, replaceMethod } from './altered-instance.ts';
import { memoryBackend, silent, temporaryFolder } from './backends.ts';
import { enqueue, loaded, putSession, sequences } from './sample-records.ts';

test('a session that was half created or half deleted when the process died is gone', async () => {
  const place = await memoryBackend.place();
  const store = aedesStore(place.instance(), place.options);
  await loaded(store);
  await store.commit([putSession('half'), putSession('whole'), ...enqueue('half', 1)], 'written');
  const inner = innerOf(place.instance());
  await Reflect.get(inner, 'cleanIncoming').call(inner, { id: 'half' });
  const second = aedesStore(place.instance(), place.options);
  const records = await loaded(second);
  expect(records).toMatchObject([{ kind: 'session', session: { clientId: 'whole' } }]);
  await second.commit([putSession('half')], 'written');
  expect(await sequences(second, 'half')).toEqual([]);
});

test('a removal that a crash cut short is finished at the next start', async () => {
  const instance = new MemoryPersistence();
  let dies = false;
  replaceMethod(instance, 'outgoingClearMessageId', (original) => (...args: unknown[]) => {
    return dies ? Promise.reject(new Error('killed')) : original(...args);
  });
  const first = aedesStore(instance, silent);
  await loaded(first);
  await first.commit([putSession('a'), ...enqueue('a', 1, 2)], 'written');
  dies = true;
  await expect(first.commit([{ do: 'dequeue', clientId: 'a', sequence: 1 }], 'written')).rejects.toThrow(
    'killed',
  );
  dies = false;
  const second = aedesStore(instance, silent);
  await loaded(second);
  expect(await sequences(second, 'a')).toEqual([2]);
});

test('a removal on LevelDB that a crash cut short leaves nothing behind', async () => {
  const folder = await temporaryFolder();
  let level = new Level(folder);
  const dying = aedesPersistenceLevel(level);
  const inner = innerOf(dying);
  const first = aedesStore(dying, silent);
  await loaded(first);
  await first.commit([putSession('a'), ...enqueue('a', 1, 2)], 'written');
  replaceMethod(inner, 'outgoingClearMessageId', () => () => Promise.reject(new Error('killed')));
  await expect(first.commit([{ do: 'dequeue', clientId: 'a', sequence: 1 }], 'written')).rejects.toThrow(
    'killed',
  );
  await level.close();
  level = new Level(folder);
  const second = aedesStore(aedesPersistenceLevel(level), silent);
  expect(await loaded(second)).toMatchObject([{ kind: 'session', queue: { length: 1 } }]);
  expect(await sequences(second, 'a')).toEqual([2]);
  await second.close();
  await level.open();
  expect(await level.keys({ gte: 'outgoing', lt: 'outgoing~' }).all()).toHaveLength(1);
  await level.close();
});
