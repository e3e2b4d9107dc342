import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PacketClient } from '@carillon/testkit';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

const folder = mkdtempSync(join(tmpdir(), 'carillon-listening-'));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];

beforeAll(borrowPorts);
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

test('one broker listens on TCP, WebSocket, a Unix socket and behind a proxy', async () => {
  process.env.RUNTIME_DIRECTORY = folder;
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const { broker } = await import('./listening.ts');
  closing.push(() => broker.close());
  expect(print.mock.calls[0]?.[0]).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);

  const transportOf = (client: mqtt.MqttClient) => {
    closing.push(() => client.endAsync(true));
    return broker.client(client.options.clientId ?? '')?.remote.transport;
  };
  expect(transportOf(await mqtt.connectAsync('mqtt://127.0.0.1:1883'))).toBe('tcp');
  expect(transportOf(await mqtt.connectAsync('ws://localhost:8080/mqtt'))).toBe('ws');

  const path = join(folder, 'mqtt.sock');
  expect(statSync(path).mode & 0o777).toBe(0o660);
  const local = await PacketClient.overSocket({ path });
  expect(await local.connectPacket({ clientId: 'local' })).toMatchObject({ reasonCode: 0 });
  expect(broker.client('local')?.remote.transport).toBe('unix');

  const socket = connect({ port: 1884, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write('PROXY TCP4 203.0.113.9 10.0.0.1 40000 1883\r\n');
  const forwarded = PacketClient.overStream(socket);
  await forwarded.connectPacket({ clientId: 'device' });
  expect(broker.client('device')?.remote).toMatchObject({
    address: '203.0.113.9',
    proxyAddress: '127.0.0.1',
  });
});

test('any open stream can be served, whatever was said on it before', async () => {
  const { broker, server } = await import('./any-stream.ts');
  closing.push(
    () => server.close(),
    () => broker.close(),
  );
  if (!server.listening) await once(server, 'listening');

  const socket = connect({ port: 7000, host: '127.0.0.1' });
  await once(socket, 'connect');
  socket.write('mqtt please\n');
  await once(socket, 'data');
  const client = PacketClient.overStream(socket);
  expect(await client.connectPacket({ clientId: 'polite' })).toMatchObject({ reasonCode: 0 });
  expect(broker.client('polite')?.remote).toMatchObject({ transport: 'stream', listener: 'greeter' });

  const rude = connect({ port: 7000, host: '127.0.0.1' });
  await once(rude, 'connect');
  rude.write('give me mqtt\n');
  await once(rude, 'close');
});
