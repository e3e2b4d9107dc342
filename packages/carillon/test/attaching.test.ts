import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CarillonBroker, createBroker } from 'carillon';
import express from 'express';
import fastify from 'fastify';
import { Server as SocketIoServer } from 'socket.io';
import { io } from 'socket.io-client';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { connectTo, echo } from './mqtt-client.ts';

let broker: CarillonBroker;

beforeEach(() => {
  broker = createBroker();
  onTestFinished(() => broker.close({ within: 0 }));
});

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return placeOf(server.address());
}

function placeOf(address: string | AddressInfo | null): string {
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return `127.0.0.1:${address.port}`;
}

async function get(url: string): Promise<string> {
  return (await fetch(url)).text();
}

test('MQTT shares a plain HTTP server, which goes on answering', async () => {
  const server = createServer((_request, response) => response.end('a page'));
  const attachment = broker.attach(server);
  const place = await listening(server);
  const client = await connectTo(`ws://${place}/mqtt`);
  expect(await echo(client, 'over HTTP')).toBe('over HTTP');
  expect(await get(`http://${place}/`)).toBe('a page');
  expect(attachment.name).toBe(`ws://${place}/mqtt`);
  const [view] = broker.clients();
  expect(view?.remote).toMatchObject({ transport: 'ws', address: '127.0.0.1', listener: attachment.name });
});

test('MQTT shares the server of an Express application', async () => {
  const app = express();
  app.get('/hello', (_request, response) => {
    response.send('hello from Express');
  });
  const server = createServer(app);
  broker.attach(server, { path: '/mqtt' });
  const place = await listening(server);
  const client = await connectTo(`ws://${place}/mqtt`);
  expect(await echo(client, 'beside Express')).toBe('beside Express');
  expect(await get(`http://${place}/hello`)).toBe('hello from Express');
});

test('MQTT shares the server of a Fastify application', async () => {
  const app = fastify();
  app.get('/hello', () => 'hello from Fastify');
  broker.attach(app.server, { path: '/mqtt' });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const place = placeOf(app.server.address());
  const client = await connectTo(`ws://${place}/mqtt`);
  expect(await echo(client, 'beside Fastify')).toBe('beside Fastify');
  expect(await get(`http://${place}/hello`)).toBe('hello from Fastify');
});

test('MQTT and Socket.IO share a server, and neither takes the connections of the other', async () => {
  const server = createServer();
  broker.attach(server, { path: '/mqtt' });
  const sockets = new SocketIoServer(server, { destroyUpgrade: false });
  onTestFinished(() => {
    sockets.disconnectSockets(true);
  });
  sockets.on('connection', (socket) =>
    socket.on('ask', (answer: (text: string) => void) => answer('Socket.IO')),
  );
  const place = await listening(server);

  const socket = io(`http://${place}`, { transports: ['websocket'], reconnection: false });
  onTestFinished(() => {
    socket.disconnect();
  });
  const client = await connectTo(`ws://${place}/mqtt`);
  expect(await socket.timeout(5000).emitWithAck('ask')).toBe('Socket.IO');
  expect(await echo(client, 'MQTT')).toBe('MQTT');
  expect([...broker.clients()]).toHaveLength(1);
});

test('another WebSocket server answers the upgrades for its own path', async () => {
  const server = createServer();
  broker.attach(server, { path: '/mqtt' });
  const chat = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/chat') chat.handleUpgrade(request, socket, head, (peer) => peer.send('welcome'));
  });
  const place = await listening(server);
  const guest = new WebSocket(`ws://${place}/chat`);
  onTestFinished(() => guest.terminate());
  const [greeting]: unknown[] = await once(guest, 'message');
  expect(String(greeting)).toBe('welcome');
  expect(await echo(await connectTo(`ws://${place}/mqtt`), 'mine')).toBe('mine');
});

test('two brokers share a server on two paths, and nothing else', async () => {
  const other = createBroker();
  onTestFinished(() => other.close({ within: 0 }));
  const server = createServer();
  broker.attach(server, { path: '/one' });
  other.attach(server, { path: '/two' });
  const place = await listening(server);
  const clientId = 'the same on both';
  const one = await connectTo(`ws://${place}/one`, { clientId });
  const two = await connectTo(`ws://${place}/two`, { clientId });
  expect(await echo(one, 'first')).toBe('first');
  expect(await echo(two, 'second')).toBe('second');
  expect([broker.counters().publishReceived, other.counters().publishReceived]).toEqual([1, 1]);
});

test('closing the broker ends its clients and leaves the HTTP server running', async () => {
  const server = createServer((_request, response) => response.end('still here'));
  broker.attach(server);
  const place = await listening(server);
  const client = await connectTo(`ws://${place}/mqtt`);
  const gone = new Promise<void>((resolve) => {
    client.once('close', resolve);
  });
  await broker.close();
  await gone;
  expect(await get(`http://${place}/`)).toBe('still here');
  const late = new WebSocket(`ws://${place}/mqtt`, 'mqtt');
  await expect(once(late, 'open')).rejects.toThrow('Unexpected server response: 200');
});
