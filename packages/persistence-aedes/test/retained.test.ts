/* Backends look through all retained messages for each filter: they are read once, at start. */
import { Readable } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aedesStore } from '../src/index.ts';
import { allBackends } from './all-backends.ts';
import { closing, memoryWith } from './altered-instance.ts';
import { silent } from './backends.ts';
import { restartable } from './restartable.ts';
import { loaded } from './sample-records.ts';

test('a failing read of retained messages fails the start, and nothing else', async () => {
  const instance = memoryWith('createRetainedStream', () => () => {
    return new Readable({
      objectMode: true,
      read() {
        this.destroy(new Error('the disk is gone'));
      },
    });
  });
  const store = closing(aedesStore(instance, silent));
  await expect(loaded(store)).rejects.toMatchObject({ code: 'STORE_IO_ERROR' });
});

test('retained messages are read once, at start', async () => {
  let reads = 0;
  const instance = memoryWith('createRetainedStream', (original) => (...args: unknown[]) => {
    reads++;
    return original(...args);
  });
  const brokers = await restartable({ place: async () => ({ instance: () => instance, options: silent }) });
  const { laboratory } = brokers;
  const alice = await laboratory.connect(await brokers.start(), { clientId: 'alice' });
  await alice.publish('a', 'x', { qos: 1, retain: true });
  for (let i = 0; i < 5; i++) await alice.subscribe('#', { qos: 0 });
  expect(reads).toBe(1);
  await brokers.stop();
});

describe.each(allBackends)('on $name', (backend) => {
  test('of many values for a topic that come at once the last one stays', async () => {
    const brokers = await restartable(backend);
    onTestFinished(() => brokers.stop());
    const { laboratory } = brokers;
    const bob = await laboratory.connect(await brokers.start(), { clientId: 'bob' });
    const acknowledged = Array.from({ length: 60 }, (_, i) => {
      return bob.publish(`r/${i % 3}`, `value ${i}`, { qos: 1, retain: true });
    });
    await Promise.all(acknowledged);
    const broker = await brokers.start();
    const values = ['r/0', 'r/1', 'r/2'].map((topic) => broker.retained(topic)?.payload);
    expect(values.map((value) => new TextDecoder().decode(value))).toEqual([
      'value 57',
      'value 58',
      'value 59',
    ]);
  });
});
