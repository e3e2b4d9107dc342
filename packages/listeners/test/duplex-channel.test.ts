import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { type ChannelOptions, channelFromDuplex } from '../src/index.ts';
import { Connection } from './connections.ts';

/** A stream whose two sides are moved by hand. */
class HandStream extends Duplex {
  /** Groups of pieces that were given to the transport together. */
  readonly groups: string[][] = [];
  readonly #untaken: ((error?: Error | null) => void)[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.groups.push([chunk.toString()]);
    this.#untaken.push(done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.groups.push(chunks.map(({ chunk }) => chunk.toString()));
    this.#untaken.push(done);
  }

  /** The transport has taken the oldest group. */
  takeOldest(error?: Error): void {
    this.#untaken.shift()?.(error);
  }
}

function bytes(...texts: string[]): Uint8Array[] {
  return texts.map((text) => Buffer.from(text));
}

async function tcpPair(options: ChannelOptions = {}): Promise<{ connection: Connection; client: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No TCP address');
  const client = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true });
  const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  server.close();
  onTestFinished(() => {
    client.destroy();
  });
  return { connection: new Connection(channelFromDuplex(socket, options)), client };
}

test('bytes go both ways over TCP', async () => {
  const { connection, client } = await tcpPair();
  client.write('ping');
  expect(await connection.text(4)).toBe('ping');
  connection.channel.write(bytes('po', 'ng'));
  const [chunk] = await once(client, 'data');
  expect(chunk.toString()).toBe('pong');
});

test('several pieces reach the transport together, one piece alone', () => {
  const stream = new HandStream();
  const { channel } = new Connection(channelFromDuplex(stream));
  channel.write(bytes('a'));
  stream.takeOldest();
  channel.write(bytes('b', 'c', 'd'));
  expect(stream.groups).toEqual([['a'], ['b', 'c', 'd']]);
});

test('open never calls the receiver from inside', async () => {
  const stream = new HandStream();
  stream.push('early');
  const channel = channelFromDuplex(stream);
  const connection = new Connection(channel);
  expect(connection.count).toBe(0);
  expect(await connection.text(5)).toBe('early');
});

test('a stream that was over before open is told as closed', async () => {
  const stream = new HandStream();
  const channel = channelFromDuplex(stream);
  stream.destroy();
  await once(stream, 'close');
  const connection = new Connection(channel);
  expect(connection.ends.left).toBe(0);
  expect(await connection.ends.next()).toEqual({});
});

test('a stream that was over before it became a channel is told as closed', async () => {
  const stream = new HandStream();
  stream.destroy();
  await once(stream, 'close');
  expect(await new Connection(channelFromDuplex(stream)).ends.next()).toEqual({});
});

test('drained is told once everything was taken after some of it had to wait', async () => {
  const stream = new HandStream();
  const connection = new Connection(channelFromDuplex(stream));
  connection.channel.write(bytes('abc'));
  connection.channel.write(bytes('de'));
  expect(connection.channel.unsentBytes).toBe(5);
  stream.takeOldest();
  expect(connection.channel.unsentBytes).toBe(2);
  expect(connection.drains.left).toBe(0);
  stream.takeOldest();
  expect(await connection.drains.next()).toBe(0);
  expect(connection.drains.left).toBe(0);
});

test('a write that fails is no drain', async () => {
  const stream = new HandStream();
  const connection = new Connection(channelFromDuplex(stream));
  connection.channel.write(bytes('abc'));
  stream.takeOldest(new Error('cable cut'));
  expect((await connection.ends.next()).error?.message).toBe('cable cut');
  expect(connection.drains.left).toBe(0);
});

test('a slow reader shows in unsentBytes until it reads', async () => {
  const { connection, client } = await tcpPair();
  const block = new Uint8Array(1024 * 1024);
  for (let i = 0; i < 32; i++) connection.channel.write([block]);
  expect(connection.channel.unsentBytes).toBeGreaterThan(0);
  client.resume();
  expect(await connection.drains.next()).toBe(0);
});

test('pause stops reading from the stream, resume goes on', async () => {
  const stream = new HandStream();
  const connection = new Connection(channelFromDuplex(stream));
  connection.channel.pause();
  while (stream.push('x'.repeat(1024)));
  expect(stream.readableLength).toBeGreaterThanOrEqual(stream.readableHighWaterMark);
  expect(connection.count).toBe(0);
  const waiting = stream.readableLength;
  connection.channel.resume();
  expect((await connection.bytes(waiting)).length).toBe(waiting);
});

test('nothing is lost over TCP across pause and resume', async () => {
  const { connection, client } = await tcpPair();
  const size = 8 * 1024 * 1024;
  client.write(Buffer.alloc(size));
  await connection.bytes(1);
  connection.channel.pause();
  connection.channel.resume();
  expect((await connection.bytes(size)).length).toBe(size);
});

test('end sends what was written before it closes', async () => {
  const { connection, client } = await tcpPair();
  connection.channel.write(bytes('last words'));
  connection.channel.end();
  let heard = '';
  client.on('data', (chunk) => {
    heard += chunk;
  });
  await once(client, 'end');
  expect(heard).toBe('last words');
  client.end();
  expect(await connection.ends.next()).toEqual({});
});

test('a peer that keeps its side open after end is cut off after the linger time-out', async () => {
  const { connection, client } = await tcpPair({ lingerTimeout: 20 });
  connection.channel.end();
  client.resume();
  expect(await connection.ends.next()).toEqual({});
});

test('a peer that does not take the last bytes is cut off, and that is told as an error', async () => {
  const { connection } = await tcpPair({ lingerTimeout: 20 });
  connection.channel.write([new Uint8Array(32 * 1024 * 1024)]);
  connection.channel.end();
  expect((await connection.ends.next()).error).toMatchObject({ code: 'CHANNEL_LINGER_TIMEOUT' });
});

test('a peer that keeps talking after end is not heard, and its end is still seen', async () => {
  const { connection, client } = await tcpPair({ lingerTimeout: 60_000 });
  connection.channel.pause();
  connection.channel.end();
  client.end(Buffer.alloc(4 * 1024 * 1024));
  client.resume();
  expect(await connection.ends.next()).toEqual({});
  expect(connection.count).toBe(0);
});

test('a peer that says its last word ends the connection in order', async () => {
  const { connection, client } = await tcpPair();
  client.end('bye');
  expect(await connection.ends.next()).toEqual({});
  expect(await connection.text(3)).toBe('bye');
});

test('a stream that allows half-open is ended when the peer has ended', async () => {
  const stream = new HandStream({ allowHalfOpen: true });
  const connection = new Connection(channelFromDuplex(stream));
  stream.push(null);
  expect(await connection.ends.next()).toEqual({});
  expect(stream.writableEnded).toBe(true);
});

test('a reset is handed to closed as the error it was', async () => {
  const { connection, client } = await tcpPair();
  client.resetAndDestroy();
  expect((await connection.ends.next()).error).toMatchObject({ code: 'ECONNRESET' });
});

test('destroy closes at once and is told as closed once, without an error', async () => {
  const { connection, client } = await tcpPair();
  connection.channel.destroy();
  expect(await connection.ends.next()).toEqual({});
  client.resume();
  await once(client, 'end');
  expect(connection.ends.left).toBe(0);
});

test('late calls do nothing and never throw', async () => {
  const stream = new HandStream();
  const connection = new Connection(channelFromDuplex(stream));
  connection.channel.destroy();
  await connection.ends.next();
  connection.channel.write(bytes('a', 'b'));
  connection.channel.pause();
  connection.channel.resume();
  connection.channel.end();
  connection.channel.destroy();
  expect(stream.groups).toEqual([]);
  expect(connection.ends.left).toBe(0);
});

test('an error of the stream after it was destroyed by us stays with us', async () => {
  const stream = new HandStream({
    destroy: (_error, done) => done(new Error('late')),
  });
  const connection = new Connection(channelFromDuplex(stream));
  connection.channel.destroy();
  expect(await connection.ends.next()).toEqual({});
});

test('a stream of objects is refused', async () => {
  const stream = new HandStream({ readableObjectMode: true });
  const connection = new Connection(channelFromDuplex(stream));
  stream.push({ not: 'bytes' });
  expect((await connection.ends.next()).error).toMatchObject({ code: 'CHANNEL_NOT_BYTES' });
});

test('nothing is sent for no pieces', () => {
  const stream = new HandStream();
  new Connection(channelFromDuplex(stream)).channel.write([]);
  expect(stream.groups).toEqual([]);
});
