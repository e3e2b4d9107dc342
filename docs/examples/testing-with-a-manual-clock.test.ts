import { Laboratory } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, test } from 'vitest';

test('a sensor that falls silent is reported after one and a half times its keep alive', async () => {
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform });

  const watcher = await laboratory.connect(broker, { clientId: 'watcher' });
  await watcher.subscribe('gone/#');
  const sensor = await laboratory.connect(broker, {
    clientId: 'sensor-7',
    keepAlive: 60,
    will: { topic: 'gone/sensor-7', payload: 'silent' },
  });

  sensor.vanish(); // without a DISCONNECT, without even closing its connection
  await laboratory.advance(89_000);
  await watcher.expectNothing();

  await laboratory.advance(1_000);
  expect((await watcher.receiveMessage()).text).toBe('silent');

  // What waits for the broker lets the world go on meanwhile: here until the vanished client is cut off.
  await Promise.all([broker.close(), laboratory.advance(5_000)]);
  expect(laboratory.clock.pending).toBe(0);
});
