import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Authority } from '@carillon/test-certificates';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { type AttachOptions, attach } from '../src/index.ts';
import { doorway } from './connections.ts';

const host = '127.0.0.1';

async function started<S extends Server>(server: S): Promise<S> {
  server.listen(0, host);
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return server;
}

function urlOf(server: Server, path = '/mqtt'): string {
  const address = server.address();
  return typeof address === 'object' ? `ws://${host}:${address?.port}${path}` : '';
}

function attached(server: Server, options: AttachOptions = {}) {
  const door = doorway();
  return { door, attachment: attach(server, { onRefused: door.onRefused, ...options }, door.accept) };
}

async function opened(url: string, options: WebSocket.ClientOptions = {}): Promise<WebSocket> {
  const client = new WebSocket(url, ['mqtt'], options);
  onTestFinished(() => client.terminate());
  await once(client, 'open');
  return client;
}

/** A socket that has asked for a WebSocket at `path`. */
function asking(server: Server, path: string): Socket {
  const address = server.address();
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, host);
  socket.on('error', () => {});
  socket.resume();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

test('MQTT shares a server that answers requests as before', async () => {
  const server = await started(createServer((_request, response) => response.end('the app')));
  const { door, attachment } = attached(server);
  expect(attachment.name).toBe(urlOf(server));
  const client = await opened(attachment.name);
  const connection = await door.accepted.next();
  expect(connection.remote).toMatchObject({
    transport: 'ws',
    listener: attachment.name,
    address: host,
    encrypted: false,
    request: { url: '/mqtt' },
  });
  client.send(Buffer.from('ping'));
  expect(await connection.text(4)).toBe('ping');
  const response = await fetch(urlOf(server, '/mqtt').replace('ws:', 'http:'));
  expect(await response.text()).toBe('the app');
});

test('the server may start to listen after it was attached to', async () => {
  const server = createServer();
  const { door, attachment } = attached(server, { path: '/broker' });
  expect(attachment.name).toBe('ws:///broker');
  await started(server);
  expect(attachment.name).toBe(urlOf(server, '/broker'));
  await opened(attachment.name);
  expect((await door.accepted.next()).remote.listener).toBe(attachment.name);
});

test('an HTTPS server gives secure WebSockets, with client certificates when it asks for them', async () => {
  const authority = await Authority.create();
  const identity = await authority.server('localhost');
  const server = await started(createHttpsServer({ ...identity, requestCert: true, ca: authority.cert }));
  const { door, attachment } = attached(server);
  expect(attachment.name).toMatch(/^wss:/);
  const device = await authority.client('device7');
  await opened(attachment.name.replace(host, 'localhost'), { ca: authority.cert, ...device });
  expect((await door.accepted.next()).remote).toMatchObject({
    transport: 'wss',
    encrypted: true,
    serverName: 'localhost',
    certificate: { authorized: true, subject: { CN: 'device7' } },
  });
});

test('upgrades for other paths are left to others', async () => {
  const server = await started(createServer());
  const { door } = attached(server);
  const other = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/chat') other.handleUpgrade(request, socket, head, (ws) => ws.send('welcome'));
  });
  const client = new WebSocket(urlOf(server, '/chat'));
  const [message] = await once(client, 'message');
  expect(String(message)).toBe('welcome');
  client.terminate();
  await opened(urlOf(server));
  await door.accepted.next();
  expect([door.accepted.left, door.refused.left]).toEqual([0, 0]);
});

test('a foreign upgrade is not touched while somebody else listens for upgrades', async () => {
  const server = await started(createServer());
  attached(server, { handshakeTimeout: 1 });
  const sockets: Duplex[] = [];
  server.on('upgrade', (_request, socket) => sockets.push(socket));
  asking(server, '/chat');
  await once(server, 'upgrade');
  const [socket] = sockets;
  expect(socket?.listenerCount('error')).toBe(0);
  expect(socket?.destroyed).toBe(false);
});

test('a foreign upgrade that nobody else can answer gets no answer, and no place for ever', async () => {
  const server = await started(createServer());
  attached(server, { handshakeTimeout: 20 });
  const socket = asking(server, '/chat');
  await once(socket, 'close');
  expect(socket.bytesRead).toBe(0);
});

test('a foreign upgrade that is reset does not bring the process down', async () => {
  const server = await started(createServer());
  attached(server);
  // Before ours, and gone when ours is called: nobody else listens then.
  const upgrade = new Promise<Duplex>((resolve) => {
    server.prependOnceListener('upgrade', (_request, socket) => resolve(socket));
  });
  const socket = asking(server, '/chat');
  const serverSide = await upgrade;
  socket.resetAndDestroy();
  if (!serverSide.closed) await new Promise((resolve) => serverSide.once('close', resolve));
  expect(serverSide.errored).toMatchObject({ code: 'ECONNRESET' });
});

test('two paths of one server may belong to two brokers', async () => {
  const server = await started(createServer());
  const one = attached(server, { path: '/one' });
  const two = attached(server, { path: '/two' });
  await opened(two.attachment.name);
  expect((await two.door.accepted.next()).remote.listener).toBe(two.attachment.name);
  await opened(one.attachment.name);
  expect((await one.door.accepted.next()).remote.listener).toBe(one.attachment.name);
});

test('one path cannot be attached twice until the first has let go', async () => {
  const server = createServer();
  const { attachment } = attached(server);
  expect(() => attached(server)).toThrow(expect.objectContaining({ code: 'LISTENER_PATH_TAKEN' }));
  await attachment.close();
  expect(() => attached(server)).not.toThrow();
});

test('a request that may not become a WebSocket is refused and reported', async () => {
  const server = await started(createServer());
  const { door, attachment } = attached(server);
  const client = new WebSocket(attachment.name, ['chat']);
  const [, response] = await once(client, 'unexpected-response');
  expect(response.statusCode).toBe(400);
  expect(await door.refused.next()).toMatchObject({
    code: 'WEBSOCKET_SUBPROTOCOL_MISSING',
    listener: attachment.name,
    address: host,
  });
});

test('forwarded headers of trusted proxies count', async () => {
  const server = await started(createServer());
  const { door, attachment } = attached(server, { trustedProxies: [host], forwardedHeader: 'forwarded' });
  await opened(attachment.name, { headers: { Forwarded: 'for=203.0.113.7;proto=https' } });
  expect((await door.accepted.next()).remote).toMatchObject({
    address: '203.0.113.7',
    encrypted: true,
    proxyAddress: host,
  });
});

test('close lets go of the server and leaves connections alone', async () => {
  const server = await started(createServer((_request, response) => response.end('the app')));
  const { door, attachment } = attached(server);
  const client = await opened(attachment.name);
  const connection = await door.accepted.next();
  expect(attachment.connections).toBe(1);
  await attachment.close();
  await attachment.close();
  expect(server.listenerCount('upgrade')).toBe(0);
  client.send(Buffer.from('still here'));
  expect(await connection.text(10)).toBe('still here');
  connection.channel.end();
  await connection.ends.next();
  expect(attachment.connections).toBe(0);
});

test('an accept function that throws costs its connection and is reported', async () => {
  const server = await started(createServer());
  const reported = new Promise<Error>((resolve) => {
    attach(server, { onError: resolve }, () => {
      throw new Error('not today');
    });
  });
  const client = new WebSocket(urlOf(server), ['mqtt']);
  client.on('error', () => {});
  expect(await reported).toMatchObject({ code: 'LISTENER_ACCEPT_FAILED', cause: { message: 'not today' } });
});
