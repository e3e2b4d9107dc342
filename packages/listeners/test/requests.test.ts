import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  type ListenOptions,
  listen,
  type Remote,
  requestRemotes,
  type TcpListenOptions,
} from '../src/index.ts';

async function listening(options: Partial<TcpListenOptions> = {}) {
  const remotes: Remote[] = [];
  const remoteOf = requestRemotes({ trustedProxies: ['203.0.113.0/24'] });
  let accepted = 0;
  const listener = await listen(
    {
      port: 0,
      host: '127.0.0.1',
      websocket: true,
      onRequest: (incoming, response) => {
        remotes.push(remoteOf(incoming));
        response.end('answered');
      },
      ...options,
    },
    (channel) => {
      accepted++;
      onTestFinished(() => channel.destroy());
    },
  );
  onTestFinished(() => listener.close());
  return { listener, port: listener.address.port, remotes, accepted: () => accepted };
}

test('requests that ask for no WebSocket are answered by the host, and WebSockets come in as before', async () => {
  const { port, remotes, accepted } = await listening();
  expect(await (await fetch(`http://127.0.0.1:${port}/a`)).text()).toBe('answered');
  expect(remotes).toMatchObject([{ transport: 'http', address: '127.0.0.1', request: { url: '/a' } }]);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, 'mqtt');
  await once(socket, 'open');
  expect(accepted()).toBe(1);
  socket.terminate();
});

test('a connection with a request counts as one that was handed over', async () => {
  const { listener, port } = await listening({ handshakeTimeout: 60_000 });
  const socket = connect(port, '127.0.0.1');
  await expect.poll(() => [listener.connections, listener.handshakes]).toEqual([0, 1]);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  expect([listener.connections, listener.handshakes]).toEqual([1, 0]);
  socket.destroy();
  await expect.poll(() => listener.connections).toBe(0);
});

test('the client that the PROXY protocol tells is the one that sent the request', async () => {
  const { port, remotes } = await listening({ proxyProtocol: { trusted: ['127.0.0.1'] } });
  const socket = connect(port, '127.0.0.1');
  const forwarded = 'X-Forwarded-For: 192.0.2.7';
  socket.write(
    `PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\nGET / HTTP/1.1\r\nHost: a\r\n${forwarded}\r\n\r\n`,
  );
  await once(socket, 'data');
  socket.destroy();
  expect(remotes).toMatchObject([{ address: '192.0.2.7', proxyAddress: '127.0.0.1' }]);
});

test('a connection that waits for another request is let go when the listener closes', async () => {
  const { listener, port } = await listening();
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'data');
  const closed = once(socket, 'close');
  await listener.close();
  await closed;
});

test.each([
  [{ websocket: false }, 'it together with websocket'],
  [{ onRequest: JSON.parse('"handler"') }, 'a function'],
])('onRequest is refused with %j', async (options, right) => {
  const all: ListenOptions = { port: 0, host: '127.0.0.1', websocket: true, onRequest: () => {}, ...options };
  await expect(listen(all, () => {})).rejects.toThrow(right);
});

test('without onRequest a request is told to ask for a WebSocket', async () => {
  const listener = await listen({ port: 0, host: '127.0.0.1', websocket: true }, () => {});
  onTestFinished(() => listener.close());
  const status = await new Promise((resolve) => {
    request({ port: listener.address.port, host: '127.0.0.1', agent: false }, ({ statusCode }) =>
      resolve(statusCode),
    ).end();
  });
  expect(status).toBe(426);
});
