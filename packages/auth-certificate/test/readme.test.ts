import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '@carillon/test-certificates';
import { createBroker } from 'carillon';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import { certificateAuth } from '../src/index.ts';

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

test('the program of the README lets devices in by their certificates', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-certificates-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'revoked.crl');
  const authoritiesFile = join(folder, 'devices-ca.crt');
  const authority = await Authority.create();
  await writeFile(file, await authority.revoke([]));
  await writeFile(authoritiesFile, authority.cert);
  const { cert, key } = await authority.server('localhost');
  const ca = authority.cert;
  const port = await freePort();

  const broker = createBroker();
  broker.use(certificateAuth({ identity: 'CN', revocation: { file, authoritiesFile } }));
  await broker.listen({ port, tls: { cert, key, ca, requestCert: true } });

  onTestFinished(() => broker.close({ within: 0 }));
  const pump = await authority.sign('CN=pump7');
  const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, {
    clientId: 'device',
    reconnectPeriod: 0,
    ca,
    cert: pump.cert,
    key: pump.key,
  });
  onTestFinished(() => client.endAsync(true));
  expect(broker.client('device')?.identity).toBe('pump7');
});
