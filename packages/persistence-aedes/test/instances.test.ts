/* Which instances are taken, what is found out of them, and what is said of it. */
import aedesPersistenceLevel from 'aedes-persistence-level';
import { Level } from 'level';
import { expect, test } from 'vitest';
import { aedesLevelFolder, aedesStore, orderedLevel } from '../src/index.ts';
import { closing, memoryWith } from './altered-instance.ts';
import { aedesMemory, silent, temporaryFolder, warnings } from './backends.ts';
import { enqueue, loaded, putSession, sampleEntry, sampleMessage } from './sample-records.ts';

test.each([undefined, null, 'redis', 5])('%s is no instance', (instance) => {
  expect(() => Reflect.apply(aedesStore, undefined, [instance])).toThrow(/must be an aedes-persistence/);
});

test.each([
  [{ adpot: ['a'] }, /there is no adpot; there are name, durability, adopt/],
  [{ adopt: 'alice' }, /adopt is a string; it must be an iterable of client ids/],
  [{ durability: 'flushed' }, /durability is a string; it must be 'memory' or 'written' or 'synced'/],
  [{ destroyOnClose: 1 }, /destroyOnClose is the number 1; it must be true or false/],
  [{ logger: console.warn }, /logger is a function; it must be an object with a function warn/],
  [{ now: 5 }, /now is the number 5; it must be a function/],
  [{ name: '' }, /name is empty/],
  [null, /options is null; it must be an object/],
])('options that cannot be are refused: %j', (options, why) => {
  expect(() => Reflect.apply(aedesStore, undefined, [aedesMemory(), options])).toThrow(why);
});

const aedesLevelLike = { get() {}, batch() {}, clear() {}, values() {}, close() {} };

test.each([
  [orderedLevel, [{ get() {} }], /the database has no batch, clear, values, close/],
  [orderedLevel, [aedesLevelLike, { snyc: true }], /there is no snyc; there are sync/],
  [aedesLevelFolder, [''], /the location must be the name of a folder/],
  [aedesLevelFolder, ['folder', { damage() {} }], /there is no damage; there are now, damaged/],
])('%s refuses %j', (called, given, why) => {
  expect(() => Reflect.apply(called, undefined, given)).toThrow(why);
});

test('client ids that are none fail the start', async () => {
  const store = closing(aedesStore(aedesMemory(), Reflect.construct(Object, [{ ...silent, adopt: [5] }])));
  await expect(loaded(store)).rejects.toThrow(/adopt yields the number 5; it must yield client ids/);
});

test('what is no aedes-persistence is refused at once', () => {
  expect(() => aedesStore({})).toThrow(/no aedes-persistence: it has no storeRetained/);
});

test('a backend that drops every field it does not know still gets everything through', async () => {
  const instance = memoryWith('outgoingEnqueue', (original) => (sub: unknown, packet: object) => {
    const {
      nl: _,
      properties: __,
      messageExpiry: ___,
      ...rest
    } = { nl: 0, properties: 0, messageExpiry: 0, ...packet };
    return original(sub, rest);
  });
  const store = closing(aedesStore(instance, silent));
  await loaded(store);
  const entry = sampleEntry(1, {
    message: sampleMessage('payload', {
      properties: { contentType: 'x', correlationData: new Uint8Array([1, 2]) },
      expiresAt: 5_000,
    }),
    subscriptionIdentifiers: [3, 4],
    share: '$share/g/a',
  });
  await store.commit([putSession('a'), { do: 'enqueue', clientId: 'a', entry }], 'written');
  expect(await store.readQueue('a', 0, { entries: 10, bytes: 1000 })).toEqual([entry]);
});

test('the instance in memory promises nothing, and the others no flush; both say so once', async () => {
  const { logger, all } = warnings();
  const memory = aedesStore(aedesMemory(), { logger });
  expect(memory.supports).toEqual({ durability: 'memory', atomicBatches: false, restart: false });
  const level = closing(aedesStore(aedesPersistenceLevel(new Level(await temporaryFolder())), { logger }));
  expect(level.supports).toEqual({ durability: 'written', atomicBatches: false, restart: true });
  await loaded(level);
  await level.commit([putSession('a'), ...enqueue('a', 1)], 'written');
  expect(all).toHaveLength(1);
  expect(all[0]).toContain('batches are not atomic');
  expect(all[0]).toContain('nothing is flushed');
  expect(all[0]).toContain('cannot be listed');
});
