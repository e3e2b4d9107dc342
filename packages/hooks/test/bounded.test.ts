import { BoundedMap, LineIsFull, WaitingLine } from '@carillon/hooks/bounded';
import { expect, test } from 'vitest';

test('what strangers can fill forgets what was used longest ago', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  map.get('a');
  map.set('c', 3);
  expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
});

test('a map for no entries keeps none', () => {
  const map = new BoundedMap<string, number>(0);
  map.set('a', 1);
  expect([map.get('a'), map.size]).toEqual([undefined, 0]);
});

test('a line that is full turns away, and lets in when there is room', async () => {
  const line = new WaitingLine({ parallel: 1, waiting: 1 });
  const gates: (() => void)[] = [];
  const held = () => new Promise<void>((resolve) => void gates.push(resolve));
  const first = line.run(held);
  const second = line.run(async () => 'second');
  await expect(line.run(async () => 'third')).rejects.toThrow(LineIsFull);
  for (const open of gates) open();
  await first;
  expect(await second).toBe('second');
  expect(await line.run(async () => 'fourth')).toBe('fourth');
});

test('whoever has given up before he comes does not get in', async () => {
  const line = new WaitingLine({ parallel: 1, waiting: 1 });
  await expect(line.run(async () => 'in', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(line.isBusy).toBe(false);
});

test('whoever is not waited for any more leaves the line', async () => {
  const line = new WaitingLine({ parallel: 1, waiting: 1 });
  let finish = () => {};
  const first = line.run(() => new Promise<void>((resolve) => (finish = resolve)));
  const aborted = new AbortController();
  const second = line.run(async () => 'second', aborted.signal);
  expect(line.waiting).toBe(1);
  aborted.abort(new Error('too late'));
  await expect(second).rejects.toThrow('too late');
  expect(line.waiting).toBe(0);
  const third = line.run(async () => 'third');
  finish();
  await first;
  expect(await third).toBe('third');
  expect(line.isBusy).toBe(false);
});

test('one that fails gives its place away', async () => {
  const line = new WaitingLine({ parallel: 1, waiting: 0 });
  await expect(line.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(await line.run(async () => 'next')).toBe('next');
});
