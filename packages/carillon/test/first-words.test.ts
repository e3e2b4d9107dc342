import { PacketClient } from '@carillon/testkit';
import { createBroker } from 'carillon';
import { expect, test } from 'vitest';

test('a broker of three lines carries a message from one client to another', async () => {
  await using broker = createBroker();
  const host = '127.0.0.1';
  const { address } = await broker.listen({ port: 0, host });
  const place = { host, port: address.port };

  const watcher = await PacketClient.overSocket(place);
  await watcher.connectPacket();
  await watcher.subscribe('rooms/#');
  const sensor = await PacketClient.overSocket(place);
  await sensor.connectPacket();
  await sensor.publish('rooms/12', '20.1', { qos: 1 });

  expect((await watcher.receiveMessage()).text).toBe('20.1');
});
