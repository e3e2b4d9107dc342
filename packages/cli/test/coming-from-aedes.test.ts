import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import aedesPersistenceLevel from 'aedes-persistence-level';
import { Level } from 'level';
import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import { CarillonProcess } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

/** Sessions with two messages that wait for each, and a retained message, left by a real Aedes. */
async function letAedesWrite(location: string, clientIds: readonly string[] = ['sleeper']): Promise<void> {
  const level = new Level(location);
  const aedes = await Aedes.createBroker({ persistence: aedesPersistenceLevel(level) });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('it does not listen');
  const url = `mqtt://127.0.0.1:${address.port}`;
  for (const clientId of clientIds) {
    const sleeper = await mqtt.connectAsync(url, { clientId, clean: false });
    await sleeper.subscribeAsync('rooms/#', { qos: 2 });
    await sleeper.endAsync();
  }
  const publisher = await mqtt.connectAsync(url, { clientId: 'publisher' });
  // At QoS 2: at QoS 1 Aedes acknowledges before it stores.
  await publisher.publishAsync('rooms/1', 'first', { qos: 2 });
  await publisher.publishAsync('rooms/1', 'second', { qos: 2 });
  await publisher.publishAsync('kept', 'retained', { qos: 2, retain: true });
  await publisher.endAsync();
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
  for (const socket of sockets) socket.destroy();
  server.close();
  await level.close();
}

test('a folder of Aedes is copied, and its clients find their sessions and messages', async () => {
  const folder = folderWith({});
  await letAedesWrite(join(folder, 'aedes-data'));
  const copied = await new CarillonProcess(['store', 'copy', './aedes-data', './carillon-data'], folder)
    .ended;
  expect(copied).toMatchObject({ code: 0, stderr: '' });
  expect(copied.stdout).toMatch(/^copied \d+ records and 2 queued messages to \.\/carillon-data\n$/);
  const checked = await new CarillonProcess(['store', 'check', './carillon-data'], folder).ended;
  expect(checked.stdout).toMatch(/all is well\n$/);

  const broker = new CarillonProcess(['--port', '0'], folder);
  const [port = 0] = await broker.ready();
  const sleeper = mqtt.connect(`mqtt://127.0.0.1:${port}`, { clientId: 'sleeper', clean: false });
  const heard: string[] = [];
  await new Promise<void>((resolve) => {
    sleeper.on('message', (topic, payload) => {
      heard.push(`${topic} ${payload.toString()}`);
      if (heard.length === 2) sleeper.subscribe('kept');
      if (heard.length === 3) resolve();
    });
  });
  await sleeper.endAsync(true);
  expect(heard).toEqual(['rooms/1 first', 'rooms/1 second', 'kept retained']);
});

test('a message that several sessions wait for is stored once, though Aedes stored it for each', async () => {
  const folder = folderWith({});
  await letAedesWrite(join(folder, 'aedes-data'), ['sleeper', 'dreamer']);
  const copied = await new CarillonProcess(['store', 'copy', 'aedes-data', 'carillon-data'], folder).ended;
  expect(copied.stdout).toContain('and 4 queued messages');
  const stored = async (name: string, text: string): Promise<number> => {
    const level = new Level<string, Buffer>(join(folder, name), { valueEncoding: 'buffer' });
    const values = await level.values().all();
    await level.close();
    return values.filter((value) => value.includes(text)).length;
  };
  for (const text of ['first', 'second']) {
    expect(await stored('aedes-data', text)).toBe(2);
    expect(await stored('carillon-data', text)).toBe(1);
  }
});

test('stats reads a folder of Aedes, and check says that it is none of its own', async () => {
  const folder = folderWith({});
  await letAedesWrite(join(folder, 'aedes-data'));
  const stats = await new CarillonProcess(['store', 'stats', 'aedes-data'], folder).ended;
  expect(stats).toMatchObject({ code: 0, stdout: expect.stringContaining('queued messages: 2 (') });
  const checked = await new CarillonProcess(['store', 'check', 'aedes-data'], folder).ended;
  expect(checked).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("aedes-data holds no store of Carillon's"),
  });
});
