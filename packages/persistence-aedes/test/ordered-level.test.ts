import { Level } from 'level';
import { expect, onTestFinished, test } from 'vitest';
import { type LevelChange, type LevelDatabase, orderedLevel } from '../src/index.ts';
import { temporaryFolder } from './backends.ts';

const text = { valueEncoding: 'utf8' } as const;

async function database(): Promise<{ level: Level; batches: { changes: LevelChange[]; options: object }[] }> {
  const level = new Level(await temporaryFolder());
  onTestFinished(() => level.close());
  const batches: { changes: LevelChange[]; options: object }[] = [];
  return { level, batches };
}

/** The database, with a record of its batches. */
function watched(level: Level, batches: { changes: LevelChange[]; options: object }[]): LevelDatabase {
  const bytes = { valueEncoding: 'buffer' } as const;
  return {
    get: (key) => level.get<string, Buffer>(key, bytes),
    batch: (changes, options = {}) => {
      batches.push({ changes, options });
      const stored = changes.map((change) => {
        return change.type === 'del' ? change : { ...change, value: Buffer.from(String(change.value)) };
      });
      return level.batch<string, Buffer>(stored, bytes);
    },
    clear: (range) => level.clear(range),
    values: (range) => level.values<string, Buffer>({ ...range, ...bytes }),
    close: () => level.close(),
  };
}

test('of many writes to one key, asked for at once, the last one wins', async () => {
  const { level, batches } = await database();
  const ordered = orderedLevel(watched(level, batches));
  for (let round = 0; round < 50; round++) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => ordered.put('key', Buffer.from(`${round} ${i}`))));
    expect(await level.get('key', text)).toBe(`${round} 19`);
  }
});

test('all writes of a turn are one batch, flushed when asked to', async () => {
  const { level, batches } = await database();
  const ordered = orderedLevel(watched(level, batches), { sync: true });
  await Promise.all([
    ordered.put('a', Buffer.from('1')),
    ordered.batch([{ type: 'put', key: 'b', value: Buffer.from('2') }]),
    ordered.batch().put('c', Buffer.from('3')).del('a').write(),
    ordered.del('b'),
  ]);
  expect(batches).toHaveLength(1);
  expect(batches[0]?.options).toMatchObject({ sync: true });
  expect(await level.getMany(['a', 'b', 'c'], text)).toEqual([undefined, undefined, '3']);
});

test('while one batch is written the next one gathers', async () => {
  const { level, batches } = await database();
  let letGo: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const slow = { ...watched(level, batches) };
  const write = slow.batch;
  slow.batch = async (changes, options) => {
    await write(changes, options);
    await held;
  };
  const ordered = orderedLevel(slow);
  const first = ordered.put('first', Buffer.from('1'));
  await expect.poll(() => batches.length).toBe(1);
  const others = Array.from({ length: 100 }, (_, i) => ordered.put(`key ${i}`, Buffer.from('2')));
  letGo();
  await Promise.all([first, ...others]);
  expect(batches.map(({ changes }) => changes.length)).toEqual([1, 100]);
});

test('reads see what was asked for before them', async () => {
  const { level, batches } = await database();
  const ordered = orderedLevel(watched(level, batches));
  await ordered.put('a', Buffer.from('old'));
  void ordered.put('a', Buffer.from('new'));
  expect(String(await ordered.get('a'))).toBe('new');
  void ordered.del('a');
  expect(await ordered.get('a')).toBeUndefined();
  void ordered.put('b', Buffer.from('listed'));
  const values: string[] = [];
  for await (const value of ordered.values({ gte: 'a', lt: 'z' })) values.push(String(value));
  expect(values).toEqual(['listed']);
});

test('a cleared range keeps its place among the writes', async () => {
  const { level, batches } = await database();
  const ordered = orderedLevel(watched(level, batches));
  void ordered.put('x:1', Buffer.from('before'));
  void ordered.clear({ gte: 'x:', lt: 'x;' });
  expect(await ordered.get('x:1')).toBeUndefined();
  void ordered.put('x:2', Buffer.from('after'));
  expect(String(await ordered.get('x:2'))).toBe('after');
  await ordered.close();
  await level.open();
  expect(await level.keys().all()).toEqual(['x:2']);
});

test('a batch that fails fails all its writes, and the next one is tried', async () => {
  const { level, batches } = await database();
  const failing = { ...watched(level, batches) };
  const write = failing.batch;
  let fails = true;
  failing.batch = (changes, options) => {
    return fails ? Promise.reject(new Error('no space left on device')) : write(changes, options);
  };
  const ordered = orderedLevel(failing);
  const outcomes = await Promise.allSettled([
    ordered.put('a', Buffer.from('1')),
    ordered.put('b', Buffer.from('2')),
  ]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  await ordered.put('c', Buffer.from('3'));
  expect(await level.keys().all()).toEqual(['c']);
});
