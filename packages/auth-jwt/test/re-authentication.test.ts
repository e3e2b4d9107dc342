import type { ConnectDraft } from '@carillon/testkit';
import { expect, test } from 'vitest';
import type { JwtAuthOptions } from '../src/index.ts';
import { gate } from './gate.ts';
import { Issuer, start } from './issuer.ts';

const issuer = new Issuer('ES256');

async function enterByMethod(more: Partial<JwtAuthOptions> = {}, token?: string) {
  const made = gate({ keys: { jwk: issuer.jwk }, algorithms: ['ES256'], clockTolerance: 0, ...more });
  const client = await made.laboratory.connect(made.broker, {
    ...byMethod(token ?? (await issuer.token({ exp: start + 60 }))),
    keepAlive: 0,
  });
  const again = (fresh: string, authenticationMethod = 'JWT'): void =>
    client.send({
      type: 'auth',
      reasonCode: 0x19,
      properties: { authenticationMethod, authenticationData: Buffer.from(fresh) },
    });
  return { ...made, client, again };
}

function byMethod(token: string): ConnectDraft {
  return {
    clientId: 'c',
    properties: { authenticationMethod: 'JWT', authenticationData: Buffer.from(token) },
  };
}

test('a client connects by the method, and goes on with a new token when the old one ends', async () => {
  const { client, again, laboratory, broker } = await enterByMethod();
  expect(broker.client('c')?.identity).toBe('anna');
  await laboratory.advance(50_000);
  again(await issuer.token({ exp: start + 120 }));
  await client.expect('auth', { reasonCode: 0 });
  await laboratory.advance(69_999);
  await client.ping();
  await laboratory.advance(1);
  await client.expectDisconnect(0x87);
});

test.each([
  ['of another identity', { sub: 'bob' }, 'the new token is for another identity'],
  ['that has expired', { exp: start - 1 }, 'the token has expired'],
])('a new token %s ends the connection', async (_, claims, words) => {
  const { client, again, refused } = await enterByMethod();
  again(await issuer.token(claims));
  const { properties } = await client.expect('disconnect', { reasonCode: 0x87 });
  expect(properties.reasonString).toBe(words);
  expect(refused).toMatchObject([{ what: 'authentication', by: 'auth-jwt', reasonCode: 0x87 }]);
});

test('a new token for another mount point ends the connection', async () => {
  const claims = { mountPoint: 'tenant' };
  const { client, again } = await enterByMethod({ claims }, await issuer.token({ tenant: 'blue' }));
  again(await issuer.token({ tenant: 'blue' }));
  await client.expect('auth', { reasonCode: 0 });
  again(await issuer.token({ tenant: 'red' }));
  await client.expectDisconnect(0x87);
});

test.each(['', 'garbage', 'a.b.c'])('"%s" in the place of a new token ends the connection', async (data) => {
  const { client, again, refused } = await enterByMethod();
  again(data);
  await client.expectDisconnect(0x87);
  expect(refused).toHaveLength(1);
});

test('a CONNECT by the method with something else than a token is refused', async () => {
  const { arrive, refused } = await enterByMethod();
  for (const token of ['', 'garbage', await new Issuer('ES256').token()]) {
    expect(await arrive().connectPacket({ ...byMethod(token), clientId: 'd' })).toMatchObject({
      reasonCode: 0x87,
    });
  }
  const properties = { authenticationMethod: 'JWT' };
  expect(await arrive().connectPacket({ clientId: 'd', properties })).toMatchObject({ reasonCode: 0x87 });
  expect(refused).toHaveLength(4);
});

test('another method is not known here, and neither is this one where it is switched off', async () => {
  const { arrive } = await enterByMethod({ method: 'JWT' });
  const properties = { authenticationMethod: 'SCRAM-SHA-1' };
  expect(await arrive().connectPacket({ clientId: 'd', properties })).toMatchObject({ reasonCode: 0x8c });
  const without = gate({ keys: { jwk: issuer.jwk }, algorithms: ['ES256'], method: false });
  expect(await without.arrive().connectPacket(byMethod(await issuer.token()))).toMatchObject({
    reasonCode: 0x8c,
  });
});
