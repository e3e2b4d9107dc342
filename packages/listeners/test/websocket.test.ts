import { once } from 'node:events';
import { connect } from 'node:net';
import { Authority } from '@carillon/test-certificates';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket, { type ClientOptions } from 'ws';
import {
  type Listener,
  listen,
  type TcpAddress,
  type TcpListenOptions,
  type WebSocketOptions,
} from '../src/index.ts';
import { doorway } from './connections.ts';

const host = '127.0.0.1';

async function listening(
  websocket: boolean | WebSocketOptions = true,
  options: Partial<TcpListenOptions> = {},
) {
  const door = doorway();
  const listener = await listen(
    { port: 0, host, websocket, onRefused: door.onRefused, ...options },
    door.accept,
  );
  onTestFinished(() => listener.close());
  return { door, listener };
}

async function opened(
  url: string,
  protocols: string[] = ['mqtt'],
  options: ClientOptions = {},
): Promise<WebSocket> {
  const client = new WebSocket(url, protocols, options);
  onTestFinished(() => client.terminate());
  await once(client, 'open');
  return client;
}

/** The HTTP status that a refused upgrade is answered with. */
async function refusal(
  url: string,
  protocols: string[] = ['mqtt'],
  options: ClientOptions = {},
): Promise<number> {
  const client = new WebSocket(url, protocols, options);
  const [, response] = await once(client, 'unexpected-response');
  response.resume();
  return response.statusCode;
}

async function answerTo(listener: Listener<TcpAddress>, request: string): Promise<string> {
  const socket = connect(listener.address.port, host);
  socket.write(request);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

function originOf(listener: Listener<TcpAddress>): string {
  return `http://${host}:${listener.address.port}`;
}

test('a WebSocket listener is named by its URL and hands over its connections', async () => {
  const { door, listener } = await listening({ path: '/mqtt' });
  expect(listener.name).toBe(`ws://127.0.0.1:${listener.address.port}/mqtt`);
  const client = await opened(`${listener.name}?token=1`, ['mqtt'], { headers: { 'X-Device': '7' } });
  expect(client.protocol).toBe('mqtt');
  const connection = await door.accepted.next();
  expect(connection.remote).toMatchObject({
    transport: 'ws',
    listener: listener.name,
    encrypted: false,
    address: host,
    family: 'IPv4',
    port: expect.any(Number),
    request: { url: '/mqtt?token=1', headers: { 'x-device': '7' } },
  });
  client.send(Buffer.from('ping'));
  expect(await connection.text(4)).toBe('ping');
  expect([listener.connections, listener.handshakes]).toEqual([1, 0]);
});

test('a message in the same packet as the handshake is not lost', async () => {
  const { door, listener } = await listening();
  const socket = connect(listener.address.port, host);
  onTestFinished(() => {
    socket.destroy();
  });
  const request = `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`;
  // A binary frame of two bytes, masked with zeros.
  socket.write(Buffer.concat([Buffer.from(request), Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x68, 0x69])]));
  expect(await (await door.accepted.next()).text(2)).toBe('hi');
});

test('any path is served unless one was named', async () => {
  const { door, listener } = await listening(true);
  await opened(`${listener.name}/anything`);
  expect((await door.accepted.next()).remote.request?.url).toBe('/anything');
});

test('another path than the one that was named is not found', async () => {
  const { door, listener } = await listening({ path: '/mqtt' });
  expect(await refusal(`${listener.name}/other`)).toBe(404);
  expect(await door.refused.next()).toMatchObject({
    code: 'WEBSOCKET_PATH_UNKNOWN',
    listener: listener.name,
  });
});

test.each([
  [['mqtt'], 'mqtt'],
  [['mqttv3.1'], 'mqttv3.1'],
  [['mqttv3.1', 'other', 'mqtt'], 'mqtt'],
])('of the subprotocols %j the listener chooses %s', async (offered, chosen) => {
  const { listener } = await listening();
  expect((await opened(listener.name, offered)).protocol).toBe(chosen);
});

test.each([[[]], [['chat']], [['MQTT']]])(
  'a client that offers the subprotocols %j is refused',
  async (offered) => {
    const { door, listener } = await listening();
    expect(await refusal(listener.name, offered)).toBe(400);
    expect((await door.refused.next()).code).toBe('WEBSOCKET_SUBPROTOCOL_MISSING');
    expect(door.accepted.left).toBe(0);
  },
);

test('a client without a subprotocol comes in where none is required', async () => {
  const { listener } = await listening({ requireSubprotocol: false });
  expect((await opened(listener.name, [])).protocol).toBe('');
});

test('a page of the same host comes in, whatever its port', async () => {
  const { listener } = await listening();
  await opened(listener.name, ['mqtt'], { origin: originOf(listener) });
  await opened(listener.name, ['mqtt'], { origin: `https://${host}:3000` });
});

test.each(['https://evil.example', 'null', 'file://', 'nonsense'])(
  'a page of the origin %s is refused',
  async (origin) => {
    const { door, listener } = await listening();
    expect(await refusal(listener.name, ['mqtt'], { origin })).toBe(403);
    expect((await door.refused.next()).code).toBe('WEBSOCKET_ORIGIN_REFUSED');
  },
);

test('a page of a listed origin comes in, one of its neighbour does not', async () => {
  const { listener } = await listening({ origins: ['https://App.example:8443'] });
  await opened(listener.name, ['mqtt'], { origin: 'https://app.example:8443' });
  expect(await refusal(listener.name, ['mqtt'], { origin: 'https://app.example' })).toBe(403);
  expect(await refusal(listener.name, ['mqtt'], { origin: 'http://app.example:8443' })).toBe(403);
});

test('every page comes in with a star', async () => {
  const { listener } = await listening({ origins: '*' });
  await opened(listener.name, ['mqtt'], { origin: 'https://evil.example' });
});

test('a function decides alone, and refuses when it throws', async () => {
  const { door, listener } = await listening({
    origins: (origin, request) => {
      if (origin === 'https://broken.example') throw new Error('no table of origins');
      return request.url === '/open' && origin === 'https://a.example';
    },
  });
  await opened(`${listener.name}/open`, ['mqtt'], { origin: 'https://a.example' });
  expect(await refusal(`${listener.name}/open`, ['mqtt'], { origin: originOf(listener) })).toBe(403);
  await door.refused.next();
  expect(await refusal(listener.name, ['mqtt'], { origin: 'https://broken.example' })).toBe(403);
  expect((await door.refused.next()).cause?.message).toBe('no table of origins');
});

test('a message above maxPayload ends the connection with 1009', async () => {
  const { door, listener } = await listening({ maxPayload: 100 });
  const client = await opened(listener.name);
  client.send(Buffer.alloc(101));
  const [code] = await once(client, 'close');
  expect(code).toBe(1009);
  expect((await (await door.accepted.next()).ends.next()).error).toBeInstanceOf(RangeError);
});

test('compression is never agreed on', async () => {
  const { listener } = await listening();
  expect((await opened(listener.name, ['mqtt'], { perMessageDeflate: true })).extensions).toBe('');
});

test('secure WebSocket: the remote tells of TLS and of the request', async () => {
  const authority = await Authority.create();
  const { door, listener } = await listening(
    { path: '/mqtt' },
    { tls: { ...(await authority.server('localhost')), requestCert: true, ca: authority.cert } },
  );
  expect(listener.name).toBe(`wss://127.0.0.1:${listener.address.port}/mqtt`);
  const client = await opened(`wss://localhost:${listener.address.port}/mqtt`, ['mqtt'], {
    ca: authority.cert,
    ...(await authority.client('device7')),
  });
  const connection = await door.accepted.next();
  expect(connection.remote).toMatchObject({
    transport: 'wss',
    encrypted: true,
    address: host,
    serverName: 'localhost',
    certificate: { authorized: true, subject: { CN: 'device7' } },
    request: { url: '/mqtt' },
  });
  client.send(Buffer.from('ping'));
  expect(await connection.text(4)).toBe('ping');
  connection.channel.end();
  await once(client, 'close');
});

test('a trusted proxy tells the client, anybody else is not believed', async () => {
  const headers = { 'X-Forwarded-For': '1.1.1.1, 203.0.113.7', 'X-Forwarded-Proto': 'https' };
  const behind = await listening({ trustedProxies: ['127.0.0.1'] });
  await opened(behind.listener.name, ['mqtt'], { headers });
  expect((await behind.door.accepted.next()).remote).toMatchObject({
    transport: 'ws',
    address: '203.0.113.7',
    encrypted: true,
    proxyAddress: host,
  });
  const front = await listening();
  await opened(front.listener.name, ['mqtt'], { headers });
  const { remote } = await front.door.accepted.next();
  expect(remote).toMatchObject({ address: host, encrypted: false });
  expect(remote.proxyAddress).toBeUndefined();
});

test('an ordinary HTTP request is answered with 426', async () => {
  const { door, listener } = await listening();
  const answer = await answerTo(listener, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 426 .*Upgrade: websocket/s);
  expect(await door.refused.next()).toMatchObject({ code: 'UPGRADE_REQUIRED', address: host });
});

test('bytes that are no HTTP are answered with 400', async () => {
  const { door, listener } = await listening();
  expect(await answerTo(listener, '\x10\x0c\0\x04MQTT\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect((await door.refused.next()).code).toBe('HTTP_REQUEST_MALFORMED');
});

test('a WebSocket handshake that breaks the rules is answered with 400', async () => {
  const { door, listener } = await listening();
  const request =
    'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: mqtt\r\n';
  expect(await answerTo(listener, `${request}\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  expect((await door.refused.next()).code).toBe('WEBSOCKET_HANDSHAKE_FAILED');
});

test('a client that was refused cannot keep its side of the connection open', async () => {
  const { door, listener } = await listening();
  const socket = connect({ port: listener.address.port, host, allowHalfOpen: true });
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  socket.resume();
  await once(socket, 'end');
  expect((await door.refused.next()).code).toBe('WEBSOCKET_SUBPROTOCOL_MISSING');
  let failure: Error | null | undefined;
  while (!failure) {
    failure = await new Promise<Error | null | undefined>((resolve) => socket.write('more', resolve));
  }
  expect(failure).toMatchObject({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) });
});

test('a request that is never finished ends at the handshake time-out', async () => {
  const { door, listener } = await listening(true, { handshakeTimeout: 20 });
  expect(await answerTo(listener, 'GET / HTTP/1.1\r\nHost:')).toBe('');
  expect((await door.refused.next()).code).toBe('HANDSHAKE_TIMEOUT');
  expect(listener.handshakes).toBe(0);
});

test('close lets the connections that were handed over live on', async () => {
  const { door, listener } = await listening();
  const client = await opened(listener.name);
  const connection = await door.accepted.next();
  await listener.close();
  client.send(Buffer.from('still here'));
  expect(await connection.text(10)).toBe('still here');
  connection.channel.end();
  const [code] = await once(client, 'close');
  expect(code).toBe(1000);
});
