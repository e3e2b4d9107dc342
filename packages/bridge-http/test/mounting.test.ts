import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBroker } from 'carillon';
import express from 'express';
import fastify, { type FastifyInstance } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { type HttpBridge, type HttpBridgeOptions, httpBridge } from '../src/index.ts';
import { EventReader } from './event-reader.ts';

function bridged(options: HttpBridgeOptions = {}) {
  const broker = createBroker({ systemTopicInterval: 0 });
  const bridge = httpBridge(options);
  broker.use(bridge);
  onTestFinished(() => broker.close());
  return { broker, bridge };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${portOf(server.address())}`;
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Goes in and out by the URL that the bridge is mounted under. */
async function goInAndOut(url: string): Promise<void> {
  const stream = await EventReader.open(`${url}/events?filter=a/%23`);
  await stream.next();
  const put = await fetch(`${url}/topics/a/b`, {
    method: 'PUT',
    body: '{"on":true}',
    headers: { 'content-type': 'application/json' },
  });
  expect(put.status).toBe(200);
  expect(await put.json()).toMatchObject({ matchingSubscribers: true });
  expect(await stream.payloads(1)).toEqual(['{"on":true}']);
  const got = await fetch(`${url}/topics/a/b`);
  expect([got.headers.get('content-type'), await got.json()]).toEqual(['application/json', { on: true }]);
  expect((await fetch(`${url}/elsewhere`)).status).toBe(404);
  stream.cut();
}

test('in Express, under any path, and what is not for the bridge goes on to the next', async () => {
  const { bridge } = bridged();
  const app = express();
  app.use('/house/mqtt', bridge.handler);
  app.get('/house/mqtt/elsewhere', (_, response) => void response.status(404).send('the next'));
  const url = await listening(createServer(app));
  await goInAndOut(`${url}/house/mqtt`);
  expect(await (await fetch(`${url}/house/mqtt/elsewhere`)).text()).toBe('the next');
});

test('in Express with the path among the options', async () => {
  const { bridge } = bridged({ path: '/mqtt' });
  const app = express();
  app.use(bridge.handler);
  const url = await listening(createServer(app));
  await goInAndOut(`${url}/mqtt`);
  const routed = express();
  routed.use('/mqtt', bridge.handler);
  await goInAndOut(`${await listening(createServer(routed))}/mqtt`);
});

test('in Express behind a parser that keeps bodies as bytes or text', async () => {
  const { bridge, broker } = bridged();
  const app = express();
  app.use(express.raw({ type: 'application/octet-stream' }), express.text(), express.json());
  app.use('/mqtt', bridge.handler);
  const url = await listening(createServer(app));
  const messages = broker.messages('a');
  const post = (body: string, type: string) =>
    fetch(`${url}/mqtt/topics/a`, { method: 'POST', body, headers: { 'content-type': type } });
  await post('bytes', 'application/octet-stream');
  await post('text', 'text/plain');
  expect([(await messages.next()).value?.text(), (await messages.next()).value?.text()]).toEqual([
    'bytes',
    'text',
  ]);
  const parsed = await post('{}', 'application/json');
  expect(parsed.status).toBe(500);
  expect(await parsed.json()).toMatchObject({
    detail: 'the body was read by somebody else: mount the bridge before the parsers of bodies',
  });
});

test('in Fastify, by a route that leaves body and answer to the bridge', async () => {
  const { bridge } = bridged({ path: '/mqtt' });
  const app = fastify();
  mountInFastify(app, bridge);
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  await goInAndOut(`http://127.0.0.1:${portOf(app.server.address())}/mqtt`);
});

function mountInFastify(app: FastifyInstance, bridge: HttpBridge): void {
  void app.register((scope, _options, ready) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.all('/mqtt/*', (request, reply) => {
      void reply.hijack();
      bridge.handler(request.raw, reply.raw);
    });
    ready();
  });
}

test('in a server of Node alone', async () => {
  const { bridge } = bridged({ path: '/mqtt' });
  const url = await listening(createServer(bridge.handler));
  await goInAndOut(`${url}/mqtt`);
  expect((await fetch(`${url}/topics/a`)).status).toBe(404);
  expect((await fetch(`${url}/mqttx/topics/a`)).status).toBe(404);
  expect((await fetch(`${url}/mqtt`)).status).toBe(404);
});

test('a bridge that is not registered yet says that there is no broker', async () => {
  const url = await listening(createServer(httpBridge().handler));
  const answer = await fetch(`${url}/topics/a`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
});
