import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { Authority } from '@carillon/test-certificates';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { type Listener, listen, type TcpAddress, type TcpListenOptions } from '../src/index.ts';
import { doorway } from './connections.ts';

const host = '127.0.0.1';
const line = 'PROXY TCP4 203.0.113.7 192.0.2.1 4711 1883\r\n';
/** PROXY, TCP over IPv4, 203.0.113.7:4711 to 192.0.2.1:1883, PP2_TYPE_SSL with PP2_CLIENT_SSL. */
const version2 = Buffer.from(
  '0d0a0d0a000d0a515549540a21110014cb007107c00002011267075b2000050100000000',
  'hex',
);

async function listening(options: Partial<TcpListenOptions> = {}) {
  const door = doorway();
  const listener = await listen(
    { port: 0, host, proxyProtocol: { trusted: ['127.0.0.0/8'] }, onRefused: door.onRefused, ...options },
    door.accept,
  );
  onTestFinished(() => listener.close());
  return { door, listener };
}

function proxy(listener: Listener<TcpAddress>): Socket {
  const socket = connect({ port: listener.address.port, host, noDelay: true });
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

test('the address that a trusted proxy tells is the remote one', async () => {
  const { door, listener } = await listening();
  proxy(listener).write(`${line}ping`);
  const connection = await door.accepted.next();
  expect(connection.remote).toEqual({
    transport: 'tcp',
    listener: listener.name,
    encrypted: false,
    address: '203.0.113.7',
    family: 'IPv4',
    port: 4711,
    proxyAddress: host,
  });
  expect(await connection.text(4)).toBe('ping');
});

test('version 2 tells whether the client spoke TLS to the proxy', async () => {
  const { door, listener } = await listening();
  proxy(listener).write(Buffer.concat([version2, Buffer.from('ping')]));
  const connection = await door.accepted.next();
  expect(connection.remote).toMatchObject({ address: '203.0.113.7', port: 4711, encrypted: true });
  expect(await connection.text(4)).toBe('ping');
});

test('a header may come byte by byte', async () => {
  const { door, listener } = await listening();
  const socket = proxy(listener);
  await once(socket, 'connect');
  for (const byte of Buffer.from(`${line}ping`)) {
    // Each byte is a packet of its own: it was taken by the kernel before the next is written.
    await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve));
  }
  const connection = await door.accepted.next();
  expect(connection.remote.address).toBe('203.0.113.7');
  expect(await connection.text(4)).toBe('ping');
});

test('a proxy that speaks for itself shows with its own address', async () => {
  const { door, listener } = await listening();
  const socket = proxy(listener);
  socket.write('PROXY UNKNOWN\r\n');
  const { remote } = await door.accepted.next();
  expect(remote).toMatchObject({ address: host, port: socket.localPort });
  expect(remote.proxyAddress).toBeUndefined();
});

test('everybody who is not a trusted proxy is turned away when the header is required', async () => {
  const { door, listener } = await listening({ proxyProtocol: { trusted: ['10.0.0.0/8'] } });
  const socket = proxy(listener);
  socket.write(line);
  expect(await door.refused.next()).toMatchObject({ code: 'PROXY_HEADER_UNTRUSTED', address: host });
  socket.resume();
  await once(socket, 'close');
});

test('a header from somebody who is not trusted closes the connection', async () => {
  const { door, listener } = await listening({
    proxyProtocol: { trusted: ['10.0.0.0/8'], required: false },
  });
  const socket = proxy(listener);
  socket.write(line);
  expect((await door.refused.next()).code).toBe('PROXY_HEADER_UNTRUSTED');
  socket.resume();
  await once(socket, 'close');
  expect(door.accepted.left).toBe(0);
});

test('a connection without a header is taken as it is when none is required', async () => {
  const { door, listener } = await listening({
    proxyProtocol: { trusted: ['10.0.0.0/8'], required: false },
  });
  proxy(listener).write('ping');
  const connection = await door.accepted.next();
  expect(connection.remote.address).toBe(host);
  expect(await connection.text(4)).toBe('ping');
});

test('a trusted proxy that sends no header is turned away when one is required', async () => {
  const { door, listener } = await listening();
  proxy(listener).write('\x10\x0c\0\x04MQTT');
  expect((await door.refused.next()).code).toBe('PROXY_HEADER_MISSING');
});

test('a malformed header closes the connection with the reason', async () => {
  const { door, listener } = await listening();
  proxy(listener).write('PROXY TCP4 203.0.113.7\r\n');
  expect(await door.refused.next()).toMatchObject({
    code: 'PROXY_HEADER_MALFORMED',
    message: expect.stringContaining('six fields'),
  });
});

test('a header that is never finished ends at the handshake time-out', async () => {
  const { door, listener } = await listening({ handshakeTimeout: 20 });
  proxy(listener).write('PROXY TCP4 203');
  expect((await door.refused.next()).code).toBe('HANDSHAKE_TIMEOUT');
});

test('the header stands before the TLS handshake', async () => {
  const authority = await Authority.create();
  const { door, listener } = await listening({ tls: await authority.server('localhost') });
  const socket = proxy(listener);
  socket.write(line);
  const client = tlsConnect({ socket, ca: authority.cert, servername: 'localhost' });
  client.write('ping');
  const connection = await door.accepted.next();
  expect(connection.remote).toEqual({
    transport: 'tls',
    listener: listener.name,
    encrypted: true,
    serverName: 'localhost',
    address: '203.0.113.7',
    family: 'IPv4',
    port: 4711,
    proxyAddress: host,
  });
  expect(await connection.text(4)).toBe('ping');
});

test('header and ClientHello may come in one packet, or cut anywhere', async () => {
  const authority = await Authority.create();
  const { door, listener } = await listening({ tls: await authority.server('localhost') });
  const hello = await clientHello();
  for (const cut of [line.length - 1, line.length, line.length + 1, line.length + 200]) {
    const socket = proxy(listener);
    const bytes = Buffer.concat([Buffer.from(line), hello]);
    socket.write(bytes.subarray(0, cut));
    socket.write(bytes.subarray(cut));
    // The server answers the ClientHello: it has understood it.
    const [answer] = await once(socket, 'data');
    expect(answer[0]).toBe(0x16);
    socket.destroy();
    expect((await door.refused.next()).code).toBe('HANDSHAKE_ABANDONED');
  }
});

test('the header stands before WebSocket and secure WebSocket', async () => {
  const authority = await Authority.create();
  for (const tls of [undefined, await authority.server('localhost')]) {
    const { door, listener } = await listening({ websocket: true, ...(tls && { tls }) });
    const socket = proxy(listener);
    socket.write(line);
    const stream = tls ? tlsConnect({ socket, ca: authority.cert, servername: 'localhost' }) : socket;
    const client = new WebSocket('ws://localhost/', 'mqtt', { createConnection: () => stream });
    await once(client, 'open');
    const connection = await door.accepted.next();
    expect(connection.remote).toMatchObject({
      address: '203.0.113.7',
      proxyAddress: host,
      encrypted: tls !== undefined,
    });
    client.send(Buffer.from('ping'));
    expect(await connection.text(4)).toBe('ping');
  }
});

test('behind the PROXY protocol a web proxy may tell the client in turn', async () => {
  const { door, listener } = await listening({ websocket: { trustedProxies: ['203.0.113.0/24'] } });
  const socket = proxy(listener);
  socket.write(line);
  const client = new WebSocket('ws://localhost/', 'mqtt', {
    createConnection: () => socket,
    headers: { 'X-Forwarded-For': '198.51.100.9' },
  });
  await once(client, 'open');
  expect((await door.accepted.next()).remote).toMatchObject({ address: '198.51.100.9', proxyAddress: host });
});

/** The first bytes a TLS client sends. */
async function clientHello(): Promise<Buffer> {
  const server = await listen({ port: 0, host }, (channel) => {
    channel.open({ received: (chunk) => resolveHello(Buffer.from(chunk)), drained() {}, closed() {} });
  });
  let resolveHello: (hello: Buffer) => void = () => {};
  const hello = new Promise<Buffer>((resolve) => {
    resolveHello = resolve;
  });
  const client = tlsConnect({ port: server.address.port, host, servername: 'localhost' });
  client.on('error', () => {});
  const bytes = await hello;
  client.destroy();
  await server.close();
  return bytes;
}
