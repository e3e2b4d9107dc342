import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority, type TestIdentity } from '@carillon/test-certificates';
import { ManualClock, recordingLogger } from '@carillon/testkit';
import { createBroker, type DisconnectedEvent, type RefusedEvent } from 'carillon';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type CertificateAuthOptions, certificateAuth, checkRevocation } from '../src/index.ts';

const host = '127.0.0.1';
let authority: Authority;
let server: TestIdentity;
let pump: TestIdentity;
let folder: string;

beforeAll(async () => {
  authority = await Authority.create();
  server = await authority.server('localhost');
  pump = await authority.sign('CN=pump7, OU=pumps, O=Example', {
    names: [
      { type: 'dns', value: 'pump7.example' },
      { type: 'email', value: 'pump7@example.org' },
      { type: 'url', value: 'urn:example:pump7' },
    ],
  });
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-certificates-'));
});

afterEach(() => rm(folder, { recursive: true }));

/** A broker that asks for certificates, and takes those of strangers too: the plugin is to judge them. */
async function serve(options?: CertificateAuthOptions) {
  const clock = new ManualClock({ startAt: Date.now() });
  const logger = recordingLogger();
  const broker = createBroker({ clock, logger });
  onTestFinished(() => broker.close({ within: 0 }));
  const refused: RefusedEvent[] = [];
  await broker.use(certificateAuth(options)).ready;
  broker.use({ name: 'watch', hooks: { refused: (event) => void refused.push(event) } });
  const { cert, key } = server;
  const tls = { cert, key, ca: authority.cert, requestCert: true, rejectUnauthorized: false };
  const { address } = await broker.listen({ port: 0, host, tls });
  const connect = (identity?: TestIdentity, more: IClientOptions = {}): Promise<MqttClient> =>
    connectTo(`mqtts://localhost:${address.port}`, identity, more);
  return { broker, clock, logger, refused, connect };
}

async function connectTo(url: string, identity: TestIdentity | undefined, more: IClientOptions) {
  const client = await mqtt.connectAsync(url, {
    protocolVersion: 5,
    reconnectPeriod: 0,
    clientId: 'device',
    ca: authority.cert,
    ...(identity !== undefined && { cert: identity.cert, key: identity.key }),
    ...more,
  });
  onTestFinished(() => client.endAsync(true));
  return client;
}

async function writeLists(...revoked: TestIdentity[]) {
  const revocation = {
    file: join(folder, 'revoked.pem'),
    authoritiesFile: join(folder, 'authorities.pem'),
  };
  await writeFile(revocation.authoritiesFile, authority.cert);
  await writeFile(revocation.file, await authority.revoke(revoked));
  return revocation;
}

describe('the identity is', () => {
  test.each([
    ['the common name', undefined, 'pump7'],
    ['the subject', 'subject', 'CN=pump7, OU=pumps, O=Example'],
    ['a DNS name', 'dns', 'pump7.example'],
    ['an address', 'email', 'pump7@example.org'],
    ['a URI', 'uri', 'urn:example:pump7'],
    ['the fingerprint', 'fingerprint', expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/)],
  ] as const)('%s', async (_what, identity, expected) => {
    const { broker, connect } = await serve(identity && { identity });
    await connect(pump);
    expect(broker.client('device')?.identity).toEqual(expected);
  });

  test('what a function makes of the certificate', async () => {
    const { broker, connect } = await serve({ identity: ({ subject: { OU } }) => `unit/${OU}` });
    await connect(pump);
    expect(broker.client('device')?.identity).toBe('unit/pumps');
  });

  test('not the user name that the client gives', async () => {
    const { broker, connect } = await serve();
    await connect(pump, { username: 'admin', password: 'admin' });
    expect(broker.client('device')?.identity).toBe('pump7');
  });
});

describe('refused is', () => {
  async function refusal(identity: TestIdentity | undefined, options?: CertificateAuthOptions) {
    const { connect, refused } = await serve(options);
    await expect(connect(identity)).rejects.toMatchObject({ code: 0x87 });
    return refused;
  }

  test('a certificate that no authority of the listener vouches for', async () => {
    const stranger = await (await Authority.create('CN=Stranger')).sign('CN=pump7');
    expect(await refusal(stranger)).toMatchObject([
      {
        what: 'connect',
        reasonCode: 0x87,
        by: 'auth-certificate',
        reason: expect.stringMatching(/not accepted/),
      },
    ]);
  });

  test('a certificate without the name that was asked for', async () => {
    expect(await refusal(await authority.sign('O=Example'))).toMatchObject([
      { reason: 'the certificate has no common name (CN)' },
    ]);
  });

  test('a certificate with two names where one was asked for', async () => {
    expect(await refusal(await authority.sign('CN=pump7, CN=admin'))).toMatchObject([
      { reason: 'the certificate has more than one common name (CN)' },
    ]);
  });

  test('a certificate of which a function makes nothing', async () => {
    expect(await refusal(pump, { identity: () => undefined })).toMatchObject([
      { reason: 'the certificate has no identity' },
    ]);
  });

  test('a client without a certificate, when one is required', async () => {
    expect(await refusal(undefined, { required: true })).toMatchObject([
      { reason: 'a client certificate is required' },
    ]);
  });

  test('a client without a certificate, when nobody else has an opinion', async () => {
    expect(await refusal(undefined)).toHaveLength(1);
  });
});

test('a client without a certificate is left to the other plugins', async () => {
  const { broker, connect } = await serve();
  broker.use({ name: 'friends', hooks: { authenticate: ({ username }) => username === 'friend' } });
  await connect(undefined, { username: 'friend' });
  expect(broker.client('device')?.identity).toBe('friend');
});

test('a connection ends with its certificate', async () => {
  const { broker, clock, connect } = await serve();
  const client = await connect(await authority.sign('CN=pump9', { validTo: new Date(Date.now() + 60_000) }), {
    keepalive: 0,
  });
  const disconnected = new Promise<DisconnectedEvent>((resolve) => {
    broker.use({ name: 'end', hooks: { disconnected: resolve } });
  });
  client.on('error', () => {});
  await clock.advance(120_000);
  expect(await disconnected).toMatchObject({ by: 'broker', reasonCode: 0x87 });
});

describe('a revoked certificate', () => {
  test('is refused', async () => {
    const { connect, refused } = await serve({ revocation: await writeLists(pump) });
    await expect(connect(pump)).rejects.toMatchObject({ code: 0x87 });
    expect(refused).toMatchObject([{ reason: 'the certificate was revoked' }]);
  });

  test('is refused to clients that authenticate by a method, too', async () => {
    const { broker, connect } = await serve({ revocation: await writeLists(pump) });
    broker.use({ name: 'any-method', hooks: { authenticateEnhanced: () => ({ allow: true }) } });
    const properties = { authenticationMethod: 'any' };
    await expect(connect(pump, { properties })).rejects.toMatchObject({ code: 0x87 });
  });

  test('ends the connection that was made with it, when the list comes to name it', async () => {
    const revocation = await writeLists();
    const { broker, clock, connect } = await serve({ revocation });
    const client = await connect(pump);
    client.on('error', () => {});
    const disconnected = new Promise<DisconnectedEvent>((resolve) => {
      broker.use({ name: 'end', hooks: { disconnected: resolve } });
    });
    await writeFile(revocation.file, await authority.revoke([pump]));
    await clock.advance(1000);
    expect(await disconnected).toMatchObject({
      by: 'broker',
      reasonCode: 0x87,
      reason: 'the certificate was revoked',
    });
  });

  test('counts as long as no other list can be used, and the log says why', async () => {
    const revocation = await writeLists(pump);
    const { clock, logger, connect } = await serve({ revocation });
    await writeFile(revocation.file, 'rubbish');
    // A look at the disk takes real time: the next one is due after it.
    while (logger.messages('error').length === 0) await clock.advance(1000);
    expect(logger.messages('error')).toEqual([
      expect.stringContaining(
        `The revocation list ${revocation.file} cannot be used, what was read before stays in force: revocation list 1 cannot be read`,
      ),
    ]);
    await expect(connect(pump)).rejects.toMatchObject({ code: 0x87 });
    await writeFile(revocation.file, await authority.revoke([]));
    const readAgain = `The revocation list ${revocation.file} was read again.`;
    while (!logger.messages('info').includes(readAgain)) await clock.advance(1000);
    await expect(connect(pump)).resolves.toBeDefined();
  });

  test('leaves others alone', async () => {
    const { connect } = await serve({ revocation: await writeLists(pump) });
    await connect(await authority.sign('CN=pump8'));
  });
});

test('lists that cannot be used are found before the start', async () => {
  const revocation = await writeLists();
  await expect(checkRevocation(revocation)).resolves.toBeUndefined();
  await expect(checkRevocation({ ...revocation, file: folder })).rejects.toThrow(
    /revocation list .* cannot be used: it is no file/,
  );
  await expect(checkRevocation({ ...revocation, authoritiesFile: revocation.file })).rejects.toThrow(
    /authorities in .*revoked\.pem cannot be used: there is no certificate in it/,
  );
});

test('lists that cannot be used at the start keep the plugin from coming into force', async () => {
  const broker = createBroker();
  onTestFinished(() => broker.close({ within: 0 }));
  const revocation = await writeLists();
  await writeFile(revocation.file, 'rubbish');
  await expect(broker.use(certificateAuth({ revocation })).ready).rejects.toThrow(
    /revocation list .*revoked\.pem cannot be used: revocation list 1 cannot be read/,
  );
});

test.each([
  [{ identity: 'cn' }, 'identity is a string; it must be a function or one of CN, subject, dns'],
  [{ required: 1 }, 'required is the number 1; it must be true or false'],
  [{ require: true }, 'there is no require; there are identity, required, revocation'],
  [{ revocation: { file: 'a' } }, 'revocation.authoritiesFile is undefined; it must be the name of a file'],
  [{ revocation: { file: 'a', ca: 'b' } }, 'there is no revocation.ca; there are file, authoritiesFile'],
])('options that cannot be are refused: %j', (options, complaint) => {
  expect(() => Reflect.apply(certificateAuth, undefined, [options])).toThrow(complaint);
});
