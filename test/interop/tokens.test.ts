import { jwtAuth } from '@carillon/auth-jwt';
import type { IClientOptions } from 'mqtt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Issuer } from '../../packages/auth-jwt/test/issuer.ts';
import { type Door, doorNames, type InteropBroker, openBroker } from './broker.ts';
import { describeWith } from './installed.ts';
import { connectArguments, mosquittoTools } from './mosquitto.ts';
import { connectMqttJs } from './mqttjs.ts';
import { run } from './program.ts';
import { type Appearance, newClientId, versionName, versions } from './speaker.ts';

const issuer = new Issuer('ES256', 'k1');
const now = Math.floor(Date.now() / 1000);
const cookie = 'session';
const query = 'access_token';

let broker: InteropBroker;
let good: string;
let expired: string;

beforeAll(async () => {
  broker = await openBroker();
  broker.broker.use(
    jwtAuth({
      keys: { jwk: issuer.jwk },
      algorithms: ['ES256'],
      from: ['password', 'authorization', { cookie }, { query }],
      claims: { publish: 'publish' },
    }),
  );
  good = await issuer.token({ exp: now + 3600, publish: ['mine/#'] });
  expired = await issuer.token({ exp: now - 3600, publish: ['mine/#'] });
});

afterAll(() => broker[Symbol.asyncDispose]());

async function identityOf(appearance: Appearance, more: IClientOptions = {}): Promise<string | undefined> {
  const clientId = newClientId('token');
  await using _ = await connectMqttJs(broker, { ...appearance, clientId }, more);
  return broker.broker.client(clientId)?.identity;
}

describe('MQTT.js', () => {
  for (const version of versions) {
    for (const door of ['tcp', 'tls', 'ws', 'wss'] satisfies Door[]) {
      test(`MQTT ${versionName(version)} over ${doorNames[door]}: a token is the password`, async () => {
        const appearance = { version, door, username: 'anybody' };
        expect(await identityOf({ ...appearance, password: good })).toBe('anna');
        const code = version === 5 ? 0x87 : 5;
        await expect(identityOf({ ...appearance, password: expired })).rejects.toMatchObject({ code });
      });
    }
  }

  const carriers: readonly [string, (token: string) => IClientOptions][] = [
    ['Authorization', (token) => ({ wsOptions: { headers: { authorization: `Bearer ${token}` } } })],
    ['a cookie', (token) => ({ wsOptions: { headers: { cookie: `a=b; ${cookie}=${token}; c=d` } } })],
    ['the query', (token) => ({ transformWsUrl: (url) => `${url}?a=b&${query}=${token}` })],
  ];

  for (const door of ['ws', 'wss'] satisfies Door[]) {
    test.each(carriers)(`over ${doorNames[door]} the token may come in %s`, async (_, carrying) => {
      expect(await identityOf({ door }, carrying(good))).toBe('anna');
      await expect(identityOf({ door }, carrying(expired))).rejects.toMatchObject({ code: 0x87 });
      await expect(identityOf({ door })).rejects.toMatchObject({ code: 0x87 });
    });
  }

  test('a client is let in by its Authentication Data, too', async () => {
    const properties = { authenticationMethod: 'JWT', authenticationData: Buffer.from(good) };
    expect(await identityOf({}, { properties })).toBe('anna');
  });
});

describeWith(mosquittoTools, 'mosquitto_pub', () => {
  for (const version of versions) {
    test(`MQTT ${versionName(version)}: it is let in by its token, and refused by an old one`, async () => {
      const publish = (password: string, topic: string) => {
        const appearance = { version, username: 'anybody', password };
        return run('mosquitto_pub', [
          ...connectArguments(broker, appearance),
          '-q',
          '1',
          '-t',
          topic,
          '-m',
          'x',
        ]);
      };
      expect(await publish(good, 'mine/1')).toMatchObject({ code: 0, stderr: '' });
      expect((await publish(expired, 'mine/1')).code).toBe(version === 5 ? 0x87 : 5);
    });
  }
});
