import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import mqtt from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';
import { createAuthority, type Identity } from './certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'carillon-tls-'));
const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
let device: Identity;
let ca: string;

beforeAll(async () => {
  borrowPorts();
  const authority = await createAuthority();
  ca = authority.cert;
  device = await authority.sign('sensor-7');
  write(await authority.sign('localhost'));
  writeFileSync(join(folder, 'devices-ca.crt'), ca);
  process.env.CREDENTIALS_DIRECTORY = folder;
});

afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

function write({ cert, key }: Identity): void {
  writeFileSync(join(folder, 'server.crt'), cert);
  writeFileSync(join(folder, 'server.key'), key);
}

test('clients are known by the name in their certificate, and new certificates serve without a restart', async () => {
  const { broker, listener } = await import('./tls.ts');
  closing.push(() => broker.close());

  const options = { ca, ...device, clientId: 'first', reconnectPeriod: 0 };
  const client = await mqtt.connectAsync('mqtts://localhost:8883', options);
  closing.push(() => client.endAsync(true));
  expect(broker.client('first')).toMatchObject({ identity: 'sensor-7', remote: { transport: 'tls' } });

  const nameless = connect({ port: listener.address.port, ca, servername: 'localhost' });
  nameless.on('error', () => {}); // An alert, or a reset: TLS 1.3 leaves it open what comes first.
  await new Promise((resolve) => nameless.once('close', resolve));

  const other = await createAuthority();
  write(await other.sign('localhost'));
  process.emit('SIGHUP');
  const { port } = listener.address;
  const issuer = await new Promise((resolve, reject) => {
    const socket = connect({ port, ca: other.cert, ...device, servername: 'localhost' }, () => {
      resolve(socket.authorized);
      socket.destroy();
    });
    socket.on('error', reject);
  });
  expect(issuer).toBe(true);
  expect(client.connected).toBe(true);
});
