import { PacketClient } from '@carillon/testkit';
import { expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

test('two sites are joined', async () => {
  borrowPorts();
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { plant, headOffice, addAnother } = await import('./bridges.ts');
  const far = await PacketClient.overSocket({ port: 1884 });
  await far.connectPacket({ clientId: 'screen' });
  await far.subscribe('#', { qos: 1 });
  const near = await PacketClient.overSocket({ port: 1883 });
  await near.connectPacket({ clientId: 'machine-9' });
  await near.subscribe('commands/9/+', { qos: 2 });

  await near.publish('sensors/9/speed', '1200', { qos: 1 });
  expect(await far.receiveMessage()).toMatchObject({ topic: 'plant7/sensors/9/speed', text: '1200', qos: 1 });
  await far.publish('machines/9/commands/stop', 'now', { qos: 2 });
  expect(await far.receiveMessage()).toMatchObject({ topic: 'machines/9/commands/stop' });
  expect(await near.receiveMessage()).toMatchObject({ topic: 'commands/9/stop', text: 'now', qos: 2 });
  expect(print).toHaveBeenCalledWith('head-office connected: mqtt://localhost:1884 ');

  await addAnother();
  expect(print).toHaveBeenCalledWith('archive', 'starting', 0, 0);
  await near.disconnect();
  await far.disconnect();
  await plant.close();
  await headOffice.close();
  print.mockRestore();
});
