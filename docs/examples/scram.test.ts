import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setPassword } from '@carillon/auth-password';
import { scramCredentials } from '@carillon/auth-scram';
import type { CarillonBroker } from 'carillon';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';
import { createAuthority } from './certificates.ts';
import { ScramClient } from './scram-client.ts';

const folder = mkdtempSync(join(tmpdir(), 'carillon-scram-'));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
let broker: CarillonBroker;
let ca: string;

beforeAll(async () => {
  borrowPorts();
  const file = join(folder, 'users.txt');
  const password = 'tick-töck';
  const scram = { 'SCRAM-SHA-256': await scramCredentials('SCRAM-SHA-256', password) };
  await setPassword(file, 'alice', password, { scram });
  process.env.PASSWORD_FILE = file;
  ({ broker } = await import('./scram.ts'));
  closing.unshift(() => broker.close());
  const authority = await createAuthority();
  ca = authority.cert;
  await broker.listen({ port: 8883, host: '127.0.0.1', tls: await authority.sign('localhost') });
});

afterAll(async () => {
  for (const close of closing) await close();
});

function clientOf(url: string, user: string, password: string): ScramClient {
  const made = new ScramClient(url, user, password, { clientId: 'tablet', reconnectPeriod: 1, ca });
  closing.unshift(() => made.client.endAsync(true));
  return made;
}

test.each(['mqtt://localhost:1883', 'mqtts://localhost:8883'])(
  'MQTT.js proves the password at %s, again when it is asked, and after a reconnect',
  async (url) => {
    const alice = clientOf(url, 'alice', 'tick-töck');
    await alice.connect();
    expect(broker.client('tablet')?.identity).toBe('alice');
    await alice.reauthenticate();
    await alice.client.publishAsync('still/here', 'x', { qos: 1 });

    const back = new Promise((resolve) => alice.client.once('connect', resolve));
    alice.client.stream.destroy();
    await back;
    expect(broker.client('tablet')?.identity).toBe('alice');
    await alice.client.endAsync();
  },
);

test('the lines of the page work', async () => {
  const url = 'mqtts://localhost:8883';
  const alice = new ScramClient(url, 'alice', 'tick-töck', { ca });
  await alice.connect();
  await alice.client.publishAsync('rooms/12/temperature', '20.5', { qos: 1 });
  await alice.reauthenticate();
  await alice.client.endAsync();
});

test('a wrong password and a name of nobody are refused', async () => {
  for (const [user, password] of [
    ['alice', 'tick-tock'],
    ['mallory', 'tick-töck'],
  ] as const) {
    await expect(clientOf('mqtt://localhost:1883', user, password).connect()).rejects.toMatchObject({
      code: 0x87,
    });
  }
});

test('a broker that says yes without a proof is found out', async () => {
  const { createBroker } = await import('carillon');
  await using impostor = createBroker();
  impostor.use({
    name: 'impostor',
    hooks: { authenticateEnhanced: () => ({ allow: true, data: Buffer.from('v=AAAA') }) },
  });
  const { port } = (await impostor.listen({ port: 0, host: '127.0.0.1' })).address;
  const alice = clientOf(`mqtt://127.0.0.1:${port}`, 'alice', 'tick-töck');
  const doubt = new Promise((resolve) => alice.client.once('error', resolve));
  await alice.connect().catch(() => {});
  expect(await doubt).toMatchObject({ message: 'the broker does not know the password' });
});
