import { once } from 'node:events';
import { request, type Server } from 'node:http';
import type { CarillonBroker, Message } from 'carillon';
import { afterEach, expect, test, vi } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  vi.restoreAllMocks();
});

/** The URL below which the bridge of a program is. */
async function started({ server, broker }: { server: Server; broker: CarillonBroker }): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  closing.push(
    () => server.closeAllConnections(),
    () => server.close(),
    () => broker.close(),
  );
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return `http://localhost:${address.port}`;
}

/** The text of a stream, until it has this in it. */
function readUntil(url: string, part: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        if (!text.includes(part)) return;
        response.destroy();
        resolve(text);
      });
    })
      .on('error', reject)
      .end();
  });
}

test('a program on Express takes messages by HTTP, gives them out, and has a page that follows them', async () => {
  borrowPorts();
  const { broker, server, bridge } = await import('./http-bridge.ts');
  const url = await started({ server, broker });

  const heard = readUntil(`${url}/mqtt/events?filter=site/%2B/temperature`, '21.5');
  await expect.poll(() => bridge.state.streams).toBe(1);
  await expect.poll(() => [...broker.sessions()].map(({ subscriptions }) => subscriptions)).toEqual([1]);
  const put = await fetch(`${url}/mqtt/topics/site/7/temperature`, {
    method: 'PUT',
    body: '21.5',
    headers: { 'content-type': 'text/plain' },
  });
  expect(await put.json()).toMatchObject({ acknowledged: true, matchingSubscribers: true });
  expect(await heard).toContain('"topic":"site/7/temperature"');
  expect(await (await fetch(`${url}/mqtt/topics/site/7/temperature`)).text()).toBe('21.5');

  const page = await fetch(url);
  expect(await page.text()).toContain("new EventSource('/mqtt/events?filter=site/%2B/temperature')");
});

test('a program on Fastify does, and ends its streams when it closes', async () => {
  borrowPorts();
  const { app, broker } = await import('./http-bridge-fastify.ts');
  const url = await started({ server: app.server, broker });
  const messages = broker.messages('a');
  const post = await fetch(`${url}/mqtt/topics/a`, {
    method: 'POST',
    body: '{"n":1}',
    headers: { 'content-type': 'application/json' },
  });
  expect(post.status).toBe(200);
  expect((await messages.next()).value?.json()).toEqual({ n: 1 });
  const ended = readUntil(`${url}/mqtt/events?filter=a`, 'ready');
  await ended;
  await app.close();
});

test('a program with users of its own keeps them apart', async () => {
  borrowPorts();
  const { broker, server } = await import('./http-own-users.ts');
  const url = await started({ server, broker });
  const stored: Message[] = [];
  broker.subscribe('#', (message) => void stored.push(message));
  const put = (cookie: string) =>
    fetch(`${url}/mqtt/topics/a`, { method: 'PUT', body: 'x', headers: { cookie } });
  expect((await put('session=0815')).status).toBe(401);
  expect((await put('theme=dark; session=4711')).status).toBe(200);
  expect(stored.map(({ topic }) => topic)).toEqual(['tenants/7/a']);
});
