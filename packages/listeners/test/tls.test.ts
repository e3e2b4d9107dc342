import { once } from 'node:events';
import { connect } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { Authority, type TestIdentity } from '@carillon/test-certificates';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  type Listener,
  listen,
  type TcpAddress,
  type TcpListenOptions,
  type TlsOptions,
} from '../src/index.ts';
import { doorway } from './connections.ts';

const host = '127.0.0.1';
let authority: Authority;
let clients: Authority;
let identity: TestIdentity;

beforeAll(async () => {
  authority = await Authority.create();
  clients = await Authority.create('CN=Client authority');
  identity = await authority.server('localhost');
});

async function listening(tls: Partial<TlsOptions> = {}, options: Partial<TcpListenOptions> = {}) {
  const door = doorway();
  const listener = await listen(
    { port: 0, host, tls: { ...identity, ...tls }, onRefused: door.onRefused, ...options },
    door.accept,
  );
  onTestFinished(() => listener.close());
  return { door, listener };
}

function open(listener: Listener<TcpAddress>, options: ConnectionOptions = {}): TLSSocket {
  const client = tlsConnect({
    host,
    port: listener.address.port,
    ca: authority.cert,
    servername: 'localhost',
    ...options,
  });
  client.on('error', () => {});
  onTestFinished(() => {
    client.destroy();
  });
  return client;
}

async function opened(listener: Listener<TcpAddress>, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const client = open(listener, options);
  await once(client, 'secureConnect');
  return client;
}

async function nameServed(listener: Listener<TcpAddress>, servername: string): Promise<unknown> {
  const client = await opened(listener, { servername, checkServerIdentity: () => undefined });
  const name = client.getPeerCertificate().subject.CN;
  client.destroy();
  return name;
}

test('bytes go both ways over TLS', async () => {
  const { door, listener } = await listening();
  expect(listener.name).toBe(`tls://127.0.0.1:${listener.address.port}`);
  const client = await opened(listener);
  client.write('ping');
  const connection = await door.accepted.next();
  expect(await connection.text(4)).toBe('ping');
  connection.channel.write([Buffer.from('po'), Buffer.from('ng')]);
  let heard = '';
  client.on('data', (chunk) => {
    heard += chunk;
    if (heard.length === 4) client.end();
  });
  expect(await connection.ends.next()).toEqual({});
  expect(heard).toBe('pong');
});

test('the remote tells of TLS and the server name the client asked for', async () => {
  const { door, listener } = await listening();
  const client = await opened(listener);
  expect((await door.accepted.next()).remote).toEqual({
    transport: 'tls',
    listener: listener.name,
    encrypted: true,
    address: host,
    family: 'IPv4',
    port: client.localPort,
    serverName: 'localhost',
  });
});

test('end sends everything over TLS before it closes', async () => {
  const { door, listener } = await listening();
  const client = await opened(listener);
  const connection = await door.accepted.next();
  const size = 4 * 1024 * 1024;
  connection.channel.write([new Uint8Array(size)]);
  connection.channel.end();
  let heard = 0;
  client.on('data', (chunk: Buffer) => {
    heard += chunk.length;
  });
  await once(client, 'end');
  expect(heard).toBe(size);
  expect(await connection.ends.next()).toEqual({});
});

test('the application protocol mqtt is agreed on when the client offers it', async () => {
  const { listener } = await listening();
  expect((await opened(listener, { ALPNProtocols: ['mqtt'] })).alpnProtocol).toBe('mqtt');
  expect((await opened(listener)).alpnProtocol).toBe(false);
});

test('a client with a certificate that the authorities vouch for is known by it', async () => {
  const { door, listener } = await listening({ requestCert: true, ca: clients.cert });
  await opened(listener, await clients.client('device7'));
  const { certificate } = (await door.accepted.next()).remote;
  expect(certificate).toMatchObject({
    authorized: true,
    subject: { CN: 'device7' },
    issuer: { CN: 'Client authority' },
    fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    serialNumber: expect.stringMatching(/^[0-9A-F]+$/),
  });
  expect(certificate?.authorizationError).toBeUndefined();
  expect(certificate?.validFrom).toBeLessThan(certificate?.validTo ?? 0);
  expect(certificate?.raw.length).toBeGreaterThan(100);
});

test('a client without a certificate is turned away where one is asked for', async () => {
  const { door, listener } = await listening({ requestCert: true, ca: clients.cert });
  const client = open(listener);
  expect(await door.refused.next()).toMatchObject({
    code: 'TLS_CERTIFICATE_REFUSED',
    listener: listener.name,
    address: host,
    message: 'The client did not show a certificate',
  });
  await once(client, 'close');
  expect(door.accepted.left).toBe(0);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a client without a certificate does not get in by resuming a session (%s)',
  async (version) => {
    const { door, listener } = await listening({ requestCert: true, ca: clients.cert });
    const versions = { minVersion: version, maxVersion: version };
    const first = open(listener, versions);
    const sessions: Buffer[] = [];
    first.on('session', (session) => sessions.push(session));
    first.resume();
    expect((await door.refused.next()).code).toBe('TLS_CERTIFICATE_REFUSED');
    if (!first.closed) await new Promise((resolve) => first.once('close', resolve));
    const [session] = sessions;
    open(listener, { ...versions, ...(session !== undefined && { session }) });
    expect((await door.refused.next()).code).toBe('TLS_CERTIFICATE_REFUSED');
    expect(door.accepted.left).toBe(0);
  },
);

test('a client with a certificate may resume its session and is known by the same certificate', async () => {
  const { door, listener } = await listening({ requestCert: true, ca: clients.cert });
  const device = await clients.client('device7');
  const first = open(listener, device);
  first.resume();
  const [session] = await once(first, 'session');
  const resumed = await opened(listener, { ...device, session });
  expect(resumed.isSessionReused()).toBe(true);
  await door.accepted.next();
  expect((await door.accepted.next()).remote.certificate).toMatchObject({
    authorized: true,
    subject: { CN: 'device7' },
  });
});

test.each([
  [
    'a certificate of another authority',
    async () => authority.client('stranger'),
    'SELF_SIGNED_CERT_IN_CHAIN',
  ],
  [
    'a certificate that has expired',
    async () => clients.client('old', { validTo: new Date(Date.now() - 86_400_000) }),
    'CERT_HAS_EXPIRED',
  ],
])('%s is turned away, and the reason is told', async (_name, makeCertificate, reason) => {
  const { door, listener } = await listening({ requestCert: true, ca: clients.cert });
  open(listener, await makeCertificate());
  expect(await door.refused.next()).toMatchObject({
    code: 'TLS_CERTIFICATE_REFUSED',
    message: expect.stringContaining(reason),
  });
});

test('with rejectUnauthorized false a stranger comes in and the remote tells', async () => {
  const { door, listener } = await listening({
    requestCert: true,
    ca: clients.cert,
    rejectUnauthorized: false,
  });
  await opened(listener, await authority.client('stranger'));
  expect((await door.accepted.next()).remote.certificate).toMatchObject({
    authorized: false,
    authorizationError: 'SELF_SIGNED_CERT_IN_CHAIN',
    subject: { CN: 'stranger' },
  });
  await opened(listener);
  expect((await door.accepted.next()).remote.certificate).toBeUndefined();
});

test('each server name has its own certificate, all others the main one', async () => {
  const { listener } = await listening({
    sni: {
      'a.example': await authority.server('a.example'),
      '*.b.example': await authority.server('*.b.example'),
    },
  });
  expect(await nameServed(listener, 'a.example')).toBe('a.example');
  expect(await nameServed(listener, 'A.Example')).toBe('a.example');
  expect(await nameServed(listener, 'x.b.example')).toBe('*.b.example');
  expect(await nameServed(listener, 'y.x.b.example')).toBe('localhost');
  expect(await nameServed(listener, 'b.example')).toBe('localhost');
});

test('a server name may have its own authorities for client certificates', async () => {
  const others = await Authority.create('CN=Other clients');
  const { door, listener } = await listening({
    requestCert: true,
    ca: clients.cert,
    sni: { 'a.example': { ...(await authority.server('a.example')), ca: others.cert } },
  });
  const device = await others.client('device9');
  await opened(listener, { ...device, servername: 'a.example' });
  expect((await door.accepted.next()).remote.certificate?.subject).toEqual({ CN: 'device9' });
  open(listener, device);
  expect((await door.refused.next()).code).toBe('TLS_CERTIFICATE_REFUSED');
});

test('a client of a server name may come back with its session', async () => {
  const { door, listener } = await listening({
    requestCert: true,
    ca: clients.cert,
    sni: { 'a.example': await authority.server('a.example') },
  });
  const device = { ...(await clients.client('device7')), servername: 'a.example' };
  const first = open(listener, device);
  first.resume();
  const [session] = await once(first, 'session');
  await door.accepted.next();
  expect((await opened(listener, { ...device, session })).isSessionReused()).toBe(true);
  expect((await door.accepted.next()).remote.certificate?.authorized).toBe(true);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a session does not carry a client past the authorities of another server name (%s)',
  async (version) => {
    const others = await Authority.create('CN=Other clients');
    const { door, listener } = await listening({
      requestCert: true,
      ca: clients.cert,
      sni: { 'a.example': { ...(await authority.server('a.example')), ca: others.cert } },
    });
    const device = { ...(await others.client('device9')), minVersion: version, maxVersion: version };
    const first = open(listener, { ...device, servername: 'a.example' });
    const sessions: Buffer[] = [];
    first.on('session', (session) => sessions.push(session));
    // After a round trip everything that belongs to the handshake has come.
    first.write('ping');
    const connection = await door.accepted.next();
    await connection.bytes(4);
    connection.channel.write([Buffer.from('pong')]);
    await once(first, 'data');
    const [session] = sessions;
    open(listener, { ...device, ...(session && { session }), checkServerIdentity: () => undefined });
    expect((await door.refused.next()).code).toBe('TLS_CERTIFICATE_REFUSED');
  },
);

test('certificates are replaced while the listener runs, and connections live on', async () => {
  const { door, listener } = await listening({ sni: { 'a.example': await authority.server('a.example') } });
  const client = await opened(listener);
  const connection = await door.accepted.next();
  listener.setSecureContext({
    ...(await authority.server('new.localhost')),
    sni: { 'a.example': await authority.server('new.a.example') },
  });
  expect(await nameServed(listener, 'localhost')).toBe('new.localhost');
  expect(await nameServed(listener, 'a.example')).toBe('new.a.example');
  client.write('still here');
  expect(await connection.text(10)).toBe('still here');
});

test('new authorities for client certificates count at once, for resumed sessions too', async () => {
  const { door, listener } = await listening({ requestCert: true, ca: clients.cert });
  const device = await clients.client('device7');
  const first = open(listener, device);
  first.resume();
  const [session] = await once(first, 'session');
  await door.accepted.next();
  const others = await Authority.create('CN=Other clients');
  listener.setSecureContext({ ...identity, ca: others.cert });
  open(listener, { ...device, session });
  expect((await door.refused.next()).code).toBe('TLS_CERTIFICATE_REFUSED');
});

test('certificates that cannot be used are an error, and the old ones stay', async () => {
  const { listener } = await listening();
  const other = await authority.server('other');
  expect(() => listener.setSecureContext({ cert: other.cert, key: identity.key })).toThrow(
    expect.objectContaining({ code: 'LISTENER_TLS_INVALID', cause: expect.any(Error) }),
  );
  expect(() => listener.setSecureContext({ ...other, sni: { x: { cert: 'no', key: 'no' } } })).toThrow(
    expect.objectContaining({
      code: 'LISTENER_TLS_INVALID',
      message: expect.stringContaining("tls.sni['x']"),
    }),
  );
  expect(await nameServed(listener, 'localhost')).toBe('localhost');
});

test('a listener without TLS has no certificates to replace', async () => {
  const listener = await listen({ port: 0, host }, () => {});
  onTestFinished(() => listener.close());
  expect(() => listener.setSecureContext(identity)).toThrow(
    expect.objectContaining({ code: 'LISTENER_NOT_TLS' }),
  );
});

test('a failing handshake is reported and disturbs nobody', async () => {
  const { door, listener } = await listening();
  const client = await opened(listener);
  const connection = await door.accepted.next();
  const stranger = connect(listener.address.port, host);
  stranger.on('error', () => {});
  stranger.write('\x10\x0c\0\x04MQTT\x04\x02\0\0\0\0');
  expect(await door.refused.next()).toMatchObject({
    code: 'TLS_HANDSHAKE_FAILED',
    address: host,
    port: stranger.localPort,
    cause: expect.any(Error),
  });
  client.write('ping');
  expect(await connection.text(4)).toBe('ping');
});

test('a client that does not trust the certificate is reported', async () => {
  const { door, listener } = await listening();
  open(listener, { ca: clients.cert });
  expect((await door.refused.next()).code).toMatch(/^(TLS_HANDSHAKE_FAILED|HANDSHAKE_ABANDONED)$/);
});

test('a client that speaks too old a version is refused', async () => {
  const { door, listener } = await listening({ minVersion: 'TLSv1.3' });
  open(listener, { maxVersion: 'TLSv1.2' });
  expect((await door.refused.next()).code).toBe('TLS_HANDSHAKE_FAILED');
  expect((await opened(listener)).getProtocol()).toBe('TLSv1.3');
});

test('a peer that says nothing is cut off after the handshake time-out', async () => {
  const { door, listener } = await listening({}, { handshakeTimeout: 20 });
  const silent = connect(listener.address.port, host);
  silent.resume();
  expect(await door.refused.next()).toMatchObject({ code: 'HANDSHAKE_TIMEOUT', port: silent.localPort });
  await once(silent, 'close');
  expect(listener.handshakes).toBe(0);
  expect(door.refused.left).toBe(0);
});

test('a peer that goes away during the handshake is reported once', async () => {
  const { door, listener } = await listening();
  const shy = connect(listener.address.port, host);
  await once(shy, 'connect');
  shy.destroy();
  expect((await door.refused.next()).code).toBe('HANDSHAKE_ABANDONED');
  await nameServed(listener, 'localhost');
  expect(door.refused.left).toBe(0);
});

test('no more sockets than maxHandshakes are kept half-open', async () => {
  const { door, listener } = await listening({}, { maxHandshakes: 2 });
  for (let i = 0; i < 2; i++) {
    const silent = connect(listener.address.port, host);
    onTestFinished(() => {
      silent.destroy();
    });
    await once(silent, 'connect');
  }
  const third = connect(listener.address.port, host);
  third.resume();
  third.on('error', () => {});
  expect(await door.refused.next()).toMatchObject({ code: 'HANDSHAKE_LIMIT' });
  if (!third.closed) await once(third, 'close');
  expect(listener.handshakes).toBe(2);
});

test('close drops whoever is still in a handshake', async () => {
  const { door, listener } = await listening({}, { maxHandshakes: 1 });
  const silent = connect(listener.address.port, host);
  silent.resume();
  const second = connect(listener.address.port, host);
  second.on('error', () => {});
  expect((await door.refused.next()).code).toBe('HANDSHAKE_LIMIT');
  await listener.close();
  expect((await door.refused.next()).code).toBe('LISTENER_CLOSED');
  await once(silent, 'close');
});
