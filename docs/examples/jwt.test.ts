import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBroker } from 'carillon';
import mqtt, { type IDisconnectPacket, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { borrowPorts } from './borrowed-ports.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const folder = mkdtempSync(join(tmpdir(), 'carillon-jwt-example-'));
let example: typeof import('./jwt.ts');

beforeAll(async () => {
  borrowPorts();
  process.env.PUBLIC_KEY_FILE = join(folder, 'issuer.pem');
  writeFileSync(process.env.PUBLIC_KEY_FILE, publicKey.export({ format: 'pem', type: 'spki' }));
  example = await import('./jwt.ts');
});

afterAll(async () => {
  await example.broker.close();
  rmSync(folder, { recursive: true });
});

/** A token that ends after so many seconds. */
function token(seconds: number, claims: object = {}): string {
  const exp = Date.now() / 1000 + seconds;
  const issuer = { iss: 'https://id.example.com/', aud: 'mqtt' };
  const parts = [{ alg: 'ES256' }, { sub: 'anna', exp, ...issuer, ...claims }];
  const said = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(said), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${said}.${signature.toString('base64url')}`;
}

function connect(properties: { authenticationMethod: string; authenticationData: Buffer }) {
  return mqtt.connectAsync('mqtt://localhost:1883', { protocolVersion: 5, reconnectPeriod: 0, properties });
}

function goodbye(client: MqttClient): Promise<IDisconnectPacket> {
  return new Promise((resolve) => {
    client.once('disconnect', resolve);
  });
}

const byMethod = (text: string) => ({ authenticationMethod: 'JWT', authenticationData: Buffer.from(text) });

test('a client of MQTT.js sends a new token, and its connection lasts as long as that', async () => {
  // The tolerance of five seconds makes the first token last for one more.
  const client = await connect(byMethod(token(-4, { roles: ['driver'], mqtt: { subscribe: ['a'] } })));
  const [connected] = example.broker.clients();
  expect(connected).toMatchObject({ identity: 'anna', groups: ['driver'] });

  const answered = new Promise<number | undefined>((resolve) => {
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'auth') resolve(packet.reasonCode);
    });
  });
  example.sendToken(client, token(-2));
  expect(await answered).toBe(0);

  const began = Date.now();
  const disconnect = await goodbye(client);
  expect(disconnect).toMatchObject({
    reasonCode: 0x87,
    properties: { reasonString: 'the authentication has expired' },
  });
  expect(Date.now() - began).toBeGreaterThan(1_500);
});

test('a new token for somebody else ends the connection of MQTT.js', async () => {
  const client = await connect(byMethod(token(60)));
  example.sendToken(client, token(60, { sub: 'bob' }));
  const disconnect = await goodbye(client);
  expect(disconnect.properties?.reasonString).toBe('the new token is for another identity');
});

test('a claim becomes a mount point', async () => {
  await using broker = createBroker();
  broker.use(example.byTenant);
  await broker.listen({ port: 1884 });
  const login = { protocolVersion: 5, reconnectPeriod: 0, username: 'any' } as const;
  const url = 'mqtt://localhost:1884';
  const client = await mqtt.connectAsync(url, { ...login, password: token(60, { tenant: 'blue' }) });
  expect([...broker.clients()]).toMatchObject([{ identity: 'anna', mountPoint: 'tenants/blue/' }]);
  await client.endAsync(true);
  await expect(mqtt.connectAsync(url, { ...login, password: token(60) })).rejects.toMatchObject({
    code: 0x87,
  });
});
