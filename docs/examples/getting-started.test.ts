import mqtt from 'mqtt';
import { expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

test('the first program prints what a client publishes, and closes on SIGTERM', async () => {
  borrowPorts();
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { broker } = await import('./getting-started.ts');

  const sensor = await mqtt.connectAsync('mqtt://localhost:1883');
  await sensor.publishAsync('rooms/12/temperature', '20.5', { qos: 1 });
  expect(print.mock.calls).toEqual([['12: 20.5 degrees']]);

  const gone = new Promise<void>((resolve) => sensor.once('close', () => resolve()));
  process.emit('SIGTERM');
  await gone;
  await sensor.endAsync(true);
  await broker.close();
  await expect(broker.publish('a', '')).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
});
