import { MemoryLevel } from 'memory-level';
import { expect, test } from 'vitest';
import { Database } from '../src/database.ts';
import { keyOf } from '../src/keys.ts';
import { oneByOne } from '../src/one-by-one.ts';
import { clientsWithChunks } from '../src/stored-chunks.ts';

test('finds every client with chunks, behind those that have very many too', async () => {
  const database = new Database(new MemoryLevel());
  const put = (clientId: string, first: number) =>
    ({ type: 'put', key: keyOf.chunk(clientId, first), value: new Uint8Array(1) }) as const;
  const many = Array.from({ length: 2500 }, (_, first) => put('b', first));
  const few = ['', 'a', 'b\u0001', 'bb', '\u{1f600}', '\uffee'].map((clientId) => put(clientId, 1));
  await database.batch([...many, ...few], false);

  const clients = await clientsWithChunks(database);

  expect([...clients].sort()).toEqual(['', 'a', 'b', 'b\u0001', 'bb', '\u{1f600}', '\uffee'].sort());
});

test('gives what comes in lists one by one, empty lists left out', async () => {
  const given: number[] = [];
  for await (const value of oneByOne(listsOf([], [1, 2], [], [3], []))) given.push(value);
  expect(given).toEqual([1, 2, 3]);
});

test('lets go of the lists when whoever reads them stops', async () => {
  const ended: string[] = [];
  for await (const value of oneByOne(listsThatEnd(() => ended.push('ended')))) {
    expect(value).toBe(1);
    break;
  }
  expect(ended).toEqual(['ended']);
});

async function* listsOf(...lists: number[][]): AsyncGenerator<number[]> {
  yield* lists;
}

async function* listsThatEnd(end: () => void): AsyncGenerator<number[]> {
  try {
    yield [1, 2];
    yield [3];
  } finally {
    end();
  }
}
