import { PacketClient } from '@carillon/testkit';
import { expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

test('a plugin decides, rewrites, commits and is told', async () => {
  borrowPorts();
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const complain = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { broker, database, registration } = await import('./hooks.ts');
  const client = await PacketClient.overSocket({ port: 1883 });
  await client.connectPacket({ clientId: 'sensor-7' });
  await client.subscribe('rooms/12');

  expect(await client.publish('Rooms/12', '20.5', { qos: 1 })).toMatchObject({ reasonCode: 0 });
  expect(await client.receiveMessage()).toMatchObject({ topic: 'rooms/12', text: '20.5' });
  expect(database.rows).toEqual(['rooms/12 4']);

  expect(await client.publish('commands/reboot', '', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  const large = await client.publish('rooms/12', new Uint8Array(10_001), { qos: 1 });
  expect(large).toMatchObject({ reasonCode: 0x97, properties: { reasonString: 'at most 10 kB' } });

  const broken = await client.publish('rooms/12', '', { qos: 1 });
  expect(broken.reasonCode).toBeGreaterThanOrEqual(0x80);
  expect(complain.mock.calls[0]?.[0]).toBe('rules failed in commitPublish');

  const calls = registration.stats().hooks.authorizePublish?.calls;
  await registration.dispose();
  expect(await client.publish('commands/reboot', '', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  expect(registration.stats().hooks.authorizePublish?.calls).toBe(calls);

  expect(print).toHaveBeenCalledWith({ calls: 0, failures: 0, timeouts: 0, lateAnswers: 0, pending: 0 });
  await broker.close();
});
