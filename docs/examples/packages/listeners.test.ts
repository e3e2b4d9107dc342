import { once } from 'node:events';
import { connect } from 'node:tls';
import { createBroker } from 'carillon';
import mqtt from 'mqtt';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { borrowPorts } from '../borrowed-ports.ts';
import { createAuthority } from '../certificates.ts';
import { besideAnApplication, serveTls } from './listeners.ts';

beforeAll(borrowPorts);

test('the README of @carillon/listeners serves TLS with certificates that change', async () => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  const authority = await createAuthority();
  const device = await authority.sign('device');
  const [first, second] = [await authority.sign('first.example'), await authority.sign('second.example')];
  await using broker = createBroker();
  await serveTls(broker, authority.cert, first, second, async (port) => {
    const socket = connect({ port, ca: authority.cert, ...device, servername: 'second.example' });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });
  expect(print.mock.calls[0]?.[0]).toMatch(/^tls:\/\/.+:\d+$/);
});

test('the README of @carillon/listeners shares a server with an application', async () => {
  await using broker = createBroker();
  const server = besideAnApplication(broker, (_request, response) => response.end('page'));
  onTestFinished(() => void server.close());
  server.listen(3000);
  const client = await mqtt.connectAsync('ws://localhost:3000/mqtt');
  expect(client.connected).toBe(true);
  await client.endAsync(true);
});
