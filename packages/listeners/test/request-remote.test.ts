import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { createServer as createTlsServer, request as tlsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '@carillon/test-certificates';
import { expect, onTestFinished, test } from 'vitest';
import { type Remote, type RequestRemoteOptions, requestRemotes } from '../src/index.ts';

/** Listens, and gives what is known of the one who sends the first request. */
async function listening(
  options: RequestRemoteOptions = {},
  server: Server = createServer(),
  where: object = { port: 0, host: '127.0.0.1' },
) {
  const remoteOf = requestRemotes(options);
  const known = new Promise<Remote>((resolve) => {
    server.once('request', (incoming, response) => {
      resolve(remoteOf(incoming));
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(where, resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === 'object' ? address?.port : undefined, known };
}

function ask(port: number | undefined, headers: Record<string, string> = {}): void {
  request({ host: '127.0.0.1', port, path: '/topics/a?qos=1', headers, agent: false }).end();
}

test('who sends a request is known by address, and the request stands beside it', async () => {
  const { port, known } = await listening();
  ask(port, { 'x-forwarded-for': '203.0.113.7' });
  expect(await known).toMatchObject({
    transport: 'http',
    listener: `http://127.0.0.1:${port}`,
    encrypted: false,
    address: '127.0.0.1',
    family: 'IPv4',
    request: { url: '/topics/a?qos=1', headers: { 'x-forwarded-for': '203.0.113.7' } },
  } satisfies Partial<Remote>);
});

test('a trusted proxy tells the client', async () => {
  const { port, known } = await listening({ trustedProxies: ['127.0.0.0/8'] });
  ask(port, { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' });
  expect(await known).toMatchObject({ address: '203.0.113.7', proxyAddress: '127.0.0.1', encrypted: true });
});

test('a proxy on a Unix socket is believed when unix is trusted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'http.sock');
  const { known } = await listening({ trustedProxies: ['unix'] }, createServer(), { path });
  request({ socketPath: path, headers: { 'x-forwarded-for': '203.0.113.7' }, agent: false }).end();
  expect(await known).toMatchObject({ address: '203.0.113.7', listener: 'http://' });
});

test('a peer that is gone already does not pass for a Unix socket', async () => {
  const remoteOf = requestRemotes({ trustedProxies: ['unix'] });
  const server = createServer();
  const known = new Promise<Remote>((resolve) => {
    server.once('request', (incoming) => {
      incoming.socket.once('close', () => resolve(remoteOf(incoming)));
      incoming.socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  request({ port, headers: { 'x-forwarded-for': '203.0.113.7' }, agent: false })
    .on('error', () => {})
    .end();
  expect((await known).address).not.toBe('203.0.113.7');
});

test('a client certificate is told as a TLS listener tells it', async () => {
  const servers = await Authority.create('CN=Server authority');
  const clients = await Authority.create('CN=Client authority');
  const identity = await servers.server('localhost');
  const server = createTlsServer({ ...identity, ca: clients.cert, requestCert: true });
  const { port, known } = await listening({}, server);
  const device = await clients.client('device7');
  tlsRequest({
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: servers.cert,
    ...device,
    agent: false,
  }).end();
  expect(await known).toMatchObject({
    transport: 'https',
    encrypted: true,
    serverName: 'localhost',
    certificate: { authorized: true, subject: { CN: 'device7' } },
  });
});

test('an option that cannot be is refused', () => {
  const code = expect.objectContaining({ code: 'LISTENER_OPTION_INVALID' });
  expect(() => requestRemotes({ trustedProxies: ['everybody'] })).toThrow(code);
});
