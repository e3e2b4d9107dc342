import { Laboratory } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, test, vi } from 'vitest';
import { intervene, lookAround, whyNot } from './management.ts';

test('the host looks at clients and sessions, and steps in', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const laboratory = new Laboratory();
  const broker = createBroker({ ...laboratory.platform });
  let trusted = true;
  broker.use({
    name: 'rules',
    hooks: {
      authorizePublish: ({ message }) => !message.topic.startsWith('commands/'),
      authorizeSubscribe: () => trusted,
    },
  });
  const sensor7 = await laboratory.connect(broker, { clientId: 'sensor-7' });
  const sensor8 = await laboratory.connect(broker, { clientId: 'sensor-8' });
  const sensor9 = await laboratory.connect(broker, { clientId: 'sensor-9' });
  await sensor7.subscribe('rooms/#', { qos: 1 });
  await sensor8.subscribe('rooms/#');
  await Promise.all([broker.publish('rooms/13/temperature', '19', { retain: true }), laboratory.settle()]);

  await lookAround(broker);
  expect(print).toHaveBeenCalledWith('rooms/#', 1);
  expect(print).toHaveBeenCalledWith('rooms/13/temperature', 2);
  expect(print).toHaveBeenCalledWith({ clientsConnected: 3, messagesReceived: 5, publishDropped: 0 });

  print.mockClear();
  await whyNot(broker);
  expect(print.mock.calls[0]).toEqual([false, 'rules']);

  trusted = false;
  const done = intervene(broker);
  await laboratory.settle();
  await done;
  await sensor7.receiveMessage();
  await sensor7.expectDisconnect(0x98);
  expect(broker.subscriptions('sensor-8')).toEqual([]);
  expect(broker.session('sensor-9')).toBeUndefined();
  await sensor9.expectDisconnect(0x98);
  expect(Array.from(broker.retainedMessages('rooms/#'), ({ topic }) => topic)).toEqual([
    'rooms/12/temperature',
  ]);
  await Promise.all([broker.close(), laboratory.settle()]);
});
