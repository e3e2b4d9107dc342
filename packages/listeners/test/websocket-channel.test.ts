import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { type ChannelOptions, channelFromWebSocket } from '../src/index.ts';
import { Connection } from './connections.ts';

interface Pair {
  readonly connection: Connection;
  readonly client: WebSocket;
}

/** A WebSocket of a plain `ws` server, as a host may hand it over by himself. */
async function pair(options: ChannelOptions = {}, maxPayload = 1024 * 1024): Promise<Pair> {
  const http = createServer();
  const server = new WebSocketServer({ server: http, maxPayload });
  const accepted = new Promise<Connection>((resolve) => {
    server.on('connection', (socket) => resolve(new Connection(channelFromWebSocket(socket, options))));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('No TCP address');
  const client = new WebSocket(`ws://127.0.0.1:${address.port}/`);
  client.on('error', () => {});
  onTestFinished(() => {
    client.terminate();
    http.close();
  });
  await once(client, 'open');
  return { connection: await accepted, client };
}

function bytes(...texts: string[]): Uint8Array[] {
  return texts.map((text) => Buffer.from(text));
}

/** The raw socket under a client, to behave as a WebSocket must not. */
async function rawPair(options: ChannelOptions = {}) {
  const { connection, client } = await pair(options);
  const socket: unknown = Reflect.get(client, '_socket');
  if (!(socket instanceof (await import('node:net')).Socket)) throw new Error('No socket');
  return { connection, client, socket };
}

test('binary messages go both ways', async () => {
  const { connection, client } = await pair();
  client.send(Buffer.from('ping'));
  expect(await connection.text(4)).toBe('ping');
  connection.channel.write(bytes('pong'));
  const [data, isBinary] = await once(client, 'message');
  expect([String(data), isBinary]).toEqual(['pong', true]);
});

test('the pieces of one write are one message', async () => {
  const { connection, client } = await pair();
  connection.channel.write(bytes('a', 'b', 'c'));
  const [data] = await once(client, 'message');
  expect(String(data)).toBe('abc');
});

test('large pieces are one message too', async () => {
  const { connection, client } = await pair();
  const large = Buffer.alloc(200_000, 'x');
  connection.channel.write([Buffer.from('<'), large, Buffer.from('>')]);
  const [data] = await once(client, 'message');
  expect(String(data)).toBe(`<${large}>`);
});

test('packets may be cut anywhere by messages [MQTT-6.0.0-2]', async () => {
  const { connection, client } = await pair();
  for (const part of ['\x10', '\x0c\0', '\x04MQ', 'TT']) client.send(Buffer.from(part));
  expect(await connection.text(8)).toBe('\x10\x0c\0\x04MQTT');
});

test('messages that came before open are not lost', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  const client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
  client.on('open', () => client.send(Buffer.from('early')));
  const [socket] = await once(server, 'connection');
  const channel = channelFromWebSocket(socket);
  await once(client, 'open');
  await new Promise<void>((resolve) => client.send(Buffer.from('!'), () => resolve()));
  // When a later message of another client was read, ours would have been.
  const later = new WebSocket(client.url);
  const [laterSocket] = await once(server, 'connection');
  await once(later, 'open');
  later.send(Buffer.from('later'));
  await once(laterSocket, 'message');
  later.terminate();
  const connection = new Connection(channel);
  expect(await connection.text(6)).toBe('early!');
  client.terminate();
});

test('a text message ends the connection with 1003 [MQTT-6.0.0-1]', async () => {
  const { connection, client } = await pair();
  client.send('hello');
  client.send(Buffer.from('after'));
  const [code] = await once(client, 'close');
  expect(code).toBe(1003);
  expect((await connection.ends.next()).error).toMatchObject({ code: 'CHANNEL_TEXT_FRAME' });
  expect(connection.count).toBe(0);
});

test('a message above the size limit ends the connection with 1009', async () => {
  const { connection, client } = await pair({}, 10);
  client.send(Buffer.alloc(11));
  const [code] = await once(client, 'close');
  expect(code).toBe(1009);
  expect((await connection.ends.next()).error).toBeInstanceOf(RangeError);
});

test('end sends what was written, then closes with 1000', async () => {
  const { connection, client } = await pair();
  connection.channel.write(bytes('last words'));
  connection.channel.end();
  const [data] = await once(client, 'message');
  expect(String(data)).toBe('last words');
  const [code] = await once(client, 'close');
  expect(code).toBe(1000);
  expect(await connection.ends.next()).toEqual({});
});

test('a close by the peer ends in order', async () => {
  const { connection, client } = await pair();
  client.close(1000);
  expect(await connection.ends.next()).toEqual({});
});

test('a peer that vanishes without a close frame did not end in order', async () => {
  const { connection, client } = await pair();
  client.terminate();
  expect((await connection.ends.next()).error).toBeInstanceOf(Error);
});

test('a peer that does not answer the close frame is cut off after the linger time-out', async () => {
  const { connection, socket } = await rawPair({ lingerTimeout: 20 });
  socket.pause();
  connection.channel.end();
  expect(await connection.ends.next()).toEqual({});
});

test('a peer that does not take the last bytes is cut off, and that is told as an error', async () => {
  const { connection, socket } = await rawPair({ lingerTimeout: 20 });
  socket.pause();
  connection.channel.write([new Uint8Array(32 * 1024 * 1024)]);
  connection.channel.end();
  expect((await connection.ends.next()).error).toMatchObject({ code: 'CHANNEL_LINGER_TIMEOUT' });
});

test('bytes that break the WebSocket protocol end the connection with their error', async () => {
  const { connection, socket } = await rawPair({ lingerTimeout: 20 });
  socket.write(Buffer.from([0xff, 0xff]));
  expect((await connection.ends.next()).error).toBeInstanceOf(RangeError);
});

test('a slow reader shows in unsentBytes until it reads', async () => {
  const { connection, client } = await pair();
  client.pause();
  const size = 1024 * 1024;
  for (let i = 0; i < 32; i++) connection.channel.write([new Uint8Array(size)]);
  expect(connection.channel.unsentBytes).toBeGreaterThan(0);
  client.resume();
  expect(await connection.drains.next()).toBe(0);
});

test('nothing is lost across pause and resume', async () => {
  const { connection, client } = await pair();
  client.send(Buffer.alloc(1000));
  await connection.bytes(1000);
  connection.channel.pause();
  for (let i = 0; i < 16; i++) client.send(Buffer.alloc(512 * 1024));
  connection.channel.resume();
  expect((await connection.bytes(1000 + 16 * 512 * 1024)).length).toBe(1000 + 16 * 512 * 1024);
});

test('late calls do nothing and never throw', async () => {
  const { connection } = await pair();
  connection.channel.destroy();
  expect(await connection.ends.next()).toEqual({});
  connection.channel.write(bytes('a', 'b'));
  connection.channel.pause();
  connection.channel.resume();
  connection.channel.end();
  connection.channel.destroy();
  expect(connection.channel.unsentBytes).toBe(0);
  expect(connection.ends.left).toBe(0);
});

test('a WebSocket that was over before open is told as closed', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  const client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`);
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const channel = channelFromWebSocket(socket);
  channel.destroy();
  await once(socket, 'close');
  expect(await new Connection(channel).ends.next()).toEqual({});
});
