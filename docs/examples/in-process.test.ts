import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';
import { saved } from './readings.ts';

const closing: (() => unknown)[] = [];

beforeAll(borrowPorts);
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

test('the application publishes and subscribes without a client', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { broker, firstAlarm, readings } = await import('./in-process.ts');
  closing.push(() => broker.close());
  expect(print).toHaveBeenCalledWith({ matched: 1, sent: 1, queued: 0, dropped: [] });
  expect(saved).toEqual([['12', 'temperature', { celsius: 20.5 }]]);

  const alarm = firstAlarm();
  await broker.publish('alarms/fire/hall', 'test');
  await broker.publish('alarms/fire/kitchen', 'smoke');
  expect(await alarm).toBe('alarms/fire/kitchen');
  expect((await broker.publish('alarms/fire/kitchen', 'smoke')).matched).toBe(0);

  readings.unsubscribe();
  expect((await broker.publish('rooms/12/temperature', '{}')).matched).toBe(0);
});

test('each job goes to one worker of a share', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { broker, done } = await import('./shared-subscriptions.ts');
  closing.push(() => broker.close());
  await vi.waitFor(() => expect(done).toHaveLength(3));
  expect(new Set(done.map((line) => line.split(' ').at(-1)))).toEqual(new Set(['sweep', 'paint', 'polish']));
  expect(print).toHaveBeenCalledWith('workers', 'jobs/#', ['ada', 'ben', 'cyd']);
});

test('a question with a response topic is answered to it', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {});
  const { answer, broker, client } = await import('./request-response.ts');
  closing.push(
    () => broker.close(),
    () => client.endAsync(true),
  );
  expect(await answer).toBe('42');
});
