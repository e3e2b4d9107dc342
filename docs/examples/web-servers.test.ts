import { once } from 'node:events';
import mqtt from 'mqtt';
import { afterEach, expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

/** Node's own `fetch` connects past `net`, so requests go to the port that the server really has. */
function urlOf(server: { address(): unknown }, path: string): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null || !('port' in address))
    throw new Error('not listening');
  return `http://localhost:${address.port}${path}`;
}

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  vi.restoreAllMocks();
});

test('MQTT and HTTP share a plain server', async () => {
  borrowPorts();
  const { broker, server } = await import('./plain-http.ts');
  closing.push(
    () => server.close(),
    () => broker.close(),
  );
  if (!server.listening) await once(server, 'listening');

  const client = await mqtt.connectAsync('ws://localhost:3000/mqtt');
  closing.push(() => client.endAsync(true));
  expect(broker.client(client.options.clientId ?? '')?.remote.transport).toBe('ws');
  const page = await fetch(urlOf(server, '/'));
  expect(await page.text()).toBe('This is the web application.\n');
});

test('a route of Express publishes, and shows what is retained', async () => {
  borrowPorts();
  const { broker, server } = await import('./express.ts');
  closing.push(
    () => server.close(),
    () => broker.close(),
  );
  if (!server.listening) await once(server, 'listening');

  const lamp = await mqtt.connectAsync('ws://localhost:3000/mqtt');
  closing.push(() => lamp.endAsync(true));
  const order = new Promise((resolve) =>
    lamp.once('message', (topic, payload) => resolve(`${topic} ${payload}`)),
  );
  await lamp.subscribeAsync('rooms/12/light');

  const url = urlOf(server, '/rooms/12/light');
  expect((await fetch(url)).status).toBe(404);
  const posted = await fetch(url, { method: 'POST', body: 'on', headers: { 'content-type': 'text/plain' } });
  expect(await posted.json()).toEqual({ receivers: 1 });
  expect(await order).toBe('rooms/12/light on');
  expect(await (await fetch(url)).text()).toBe('on');
});

test('Fastify serves pages beside MQTT, and takes the broker with it when it closes', async () => {
  borrowPorts();
  const { app } = await import('./fastify.ts');
  const client = await mqtt.connectAsync('ws://localhost:3000/mqtt', {
    clientId: 'browser',
    reconnectPeriod: 0,
  });
  closing.push(() => client.endAsync(true));

  const clients = await fetch(urlOf(app.server, '/clients'));
  expect(await clients.json()).toEqual([{ id: 'browser', via: 'ws' }]);

  const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
  await app.close();
  await gone;
});
