import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PacketClient } from '@carillon/testkit';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { CarillonProcess, carillon } from './carillon-process.ts';
import { folderWith } from './temporary-folder.ts';

const host = '127.0.0.1';

async function connected(port: number, options: { password?: string; username?: string } = {}) {
  const client = await PacketClient.overSocket({ host, port });
  onTestFinished(() => client.drop());
  const password = options.password === undefined ? {} : { password: Buffer.from(options.password) };
  const connack = await client.connectPacket({
    ...(options.username !== undefined && { username: options.username }),
    ...password,
  });
  return { client, connack };
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

test('it carries messages between TCP and WebSocket', async () => {
  const broker = new CarillonProcess(['--port', '0', '--ws-port', '0', '--memory']);
  const [tcp = 0, web = 0] = await broker.ready();
  const { client: watcher } = await connected(tcp);
  await watcher.subscribe('rooms/#');
  const browser = await mqtt.connectAsync(`ws://${host}:${web}`, { protocolVersion: 5 });
  await browser.publishAsync('rooms/12', '20.1', { qos: 1 });
  expect((await watcher.receiveMessage()).text).toBe('20.1');
  await browser.endAsync();
});

test('it listens on a Unix socket alone when that is asked for', async () => {
  const path = join(folderWith({}), 'mqtt.sock');
  const broker = new CarillonProcess(['--unix', path]);
  await broker.says(/is ready/);
  expect(broker.messages.filter((message) => message.startsWith('listening'))).toEqual([
    `listening on unix://${path}`,
  ]);
  const client = await PacketClient.overSocket({ path });
  await client.connectPacket();
  await client.disconnect();
});

test('a limit of the command line is in force', async () => {
  const broker = new CarillonProcess(['--port=0', '--max-packet-size=5000']);
  const [port = 0] = await broker.ready();
  const { connack } = await connected(port);
  expect(connack.properties.maximumPacketSize).toBe(5000);
});

test('a JSON file says everything; flags go before it', async () => {
  const folder = folderWith({
    'carillon.json': {
      listeners: [{ port: 0 }, { path: 'mqtt.sock', mode: '0600' }],
      broker: { limits: { maximumPacketSize: 4000, receiveMaximum: 7 } },
    },
  });
  const broker = new CarillonProcess(['--config', 'carillon.json', '--max-packet-size', '6000'], folder);
  const [port = 0] = await broker.ready();
  const { connack } = await connected(port);
  expect(connack.properties).toMatchObject({ maximumPacketSize: 6000, receiveMaximum: 7 });
  expect(broker.messages.filter((message) => message.startsWith('listening on unix://'))).toHaveLength(1);
});

test('listeners of the command line replace those of the file', async () => {
  const folder = folderWith({ 'carillon.json': { listeners: [{ path: 'mqtt.sock' }] } });
  const broker = new CarillonProcess(['--config', 'carillon.json', '--port', '0'], folder);
  const ports = await broker.ready();
  expect(ports).toHaveLength(1);
  expect(broker.messages.join()).not.toContain('unix://');
});

test('a module brings plugins, and with one that authenticates other machines may be let in', async () => {
  const broker = new CarillonProcess(['--config', fixture('friends.config.js'), '--memory']);
  const [port = 0] = await broker.ready();
  expect((await connected(port, { username: 'stranger' })).connack.reasonCode).toBe(0x87);
  expect((await connected(port, { username: 'friend' })).connack.reasonCode).toBe(0x00);
  expect(broker.messages.join()).not.toContain('no authentication');
});

test('without authentication it says that only this machine can connect', async () => {
  const broker = new CarillonProcess(['--port', '0']);
  await broker.ready();
  expect(broker.messages.join()).toContain('only programs on this machine can connect');
  expect(broker.messages.join()).toMatch(/listening on tcp:\/\/127\.0\.0\.1:\d+/);
});

test('strangers can be let in on purpose, and the log warns', async () => {
  const broker = new CarillonProcess(['--host', '0.0.0.0', '--port', '0', '--allow-anonymous']);
  await broker.ready();
  const warning = broker.log.find(({ msg }) => msg.includes('everybody'));
  expect(warning?.level).toBe(40);
});

test('a port in use is a clear message and exit code 1', async () => {
  const first = new CarillonProcess(['--port', '0']);
  const [port] = await first.ready();
  const second = await carillon('--port', String(port));
  expect(second.code).toBe(1);
  expect(second.stderr).toBe(
    `carillon: Cannot listen on 127.0.0.1:${port}: another process, or another listener of this one, listens there\n`,
  );
});

test('a plugin that cannot start keeps the broker from starting', async () => {
  const { code, stderr, stdout } = await carillon('--config', fixture('failing-plugin.config.js'));
  expect(code).toBe(1);
  expect(stderr).toContain('the database does not answer');
  expect(stdout).not.toContain('listening');
});

test('a module without a default export, and one that throws, are named', async () => {
  const without = await carillon('--config', fixture('no-default.config.js'));
  expect(without).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('has no default export: write export default defineConfig({ … })'),
  });
  const throwing = await carillon('--config', fixture('broken.config.js'));
  expect(throwing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /cannot be loaded: Error: this module cannot be loaded\n +at .*broken\.config\.js/,
    ),
  });
});
