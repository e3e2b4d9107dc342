import { expect, test } from 'vitest';
import { Dispatcher, type Task } from '../../src/webhooks/dispatcher.ts';

/** Tasks that run until they are told to end. */
class Tasks {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  readonly run = ({ name }: Named): Promise<void> => {
    this.begun.push(name);
    return new Promise((resolve) => this.#ends.set(name, resolve));
  };

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Named extends Task {
  readonly name: string;
}

const task = (name: string): Named => ({ name, topic: name.charAt(0) });

test('so many run at a time, in order, and never two of one topic', async () => {
  const tasks = new Tasks();
  const dispatcher = new Dispatcher(2, tasks.run);
  for (const name of ['a1', 'a2', 'b1', 'c1', 'b2']) dispatcher.add(task(name));
  expect(tasks.begun).toEqual(['a1', 'b1']);
  expect(dispatcher.waiting).toBe(3);
  await tasks.end('b1');
  expect(tasks.begun).toEqual(['a1', 'b1', 'c1']);
  await tasks.end('a1');
  expect(tasks.begun).toEqual(['a1', 'b1', 'c1', 'a2']);
  expect(Array.from(dispatcher.tasks(), ({ name }) => name)).toEqual(['c1', 'a2', 'b2']);
});

test('one at a time is in order whatever the topics are', async () => {
  const tasks = new Tasks();
  const dispatcher = new Dispatcher(1, tasks.run);
  for (const name of ['a1', 'b1', 'a2']) dispatcher.add(task(name));
  await tasks.end('a1');
  await tasks.end('b1');
  expect(tasks.begun).toEqual(['a1', 'b1', 'a2']);
});

test('what waits is not begun any more once it is cleared', async () => {
  const tasks = new Tasks();
  const dispatcher = new Dispatcher(1, tasks.run);
  for (const name of ['a1', 'b1']) dispatcher.add(task(name));
  dispatcher.clear();
  await tasks.end('a1');
  expect(tasks.begun).toEqual(['a1']);
  expect([...dispatcher.tasks()]).toEqual([]);
});
