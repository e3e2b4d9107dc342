import { deny } from '@carillon/hooks';
import { expect, test } from 'vitest';
import type { ClaimNames, ClaimReader } from '../src/index.ts';
import { gate } from './gate.ts';
import { Issuer, start } from './issuer.ts';

const issuer = new Issuer('EdDSA');

function gateWith(claims: ClaimNames | ClaimReader) {
  return gate({ keys: { jwk: issuer.jwk }, algorithms: ['EdDSA'], claims });
}

test('identity, groups and mount point are where the options say, however deep', async () => {
  const { enter, broker } = gateWith({
    identity: 'preferred_username',
    groups: ['realm_access', 'roles'],
    mountPoint: 'https://example.com/tenant',
  });
  const said = {
    preferred_username: 'anna.b',
    realm_access: { roles: ['drivers', 'night shift'] },
    'https://example.com/tenant': 'tenants/blue',
  };
  await enter(await issuer.token(said));
  expect(broker.client('c')).toMatchObject({
    identity: 'anna.b',
    groups: ['drivers', 'night shift'],
    mountPoint: 'tenants/blue/',
  });
});

test('permissions are one claim or a claim for each action, and what is not listed is not allowed', async () => {
  const { enter } = gateWith({ permissions: 'mqtt', subscribe: 'read' });
  const client = await enter(await issuer.token({ mqtt: { publish: ['out/#'] }, read: ['in/+'] }));
  expect(await client.publish('out/1', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x10 });
  expect(await client.publish('in/1', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  expect(await client.subscribe('in/+')).toMatchObject({ reasonCodes: [0] });
  expect(await client.subscribe('in/#')).toMatchObject({ reasonCodes: [0x87] });
});

test('a token without the claim for permissions may do nothing', async () => {
  const { enter } = gateWith({ permissions: 'mqtt' });
  const client = await enter(await issuer.token());
  expect(await client.publish('a', 'x', { qos: 1 })).toMatchObject({ reasonCode: 0x87 });
  expect(await client.subscribe('a')).toMatchObject({ reasonCodes: [0x87] });
});

test('what may be received is confined on its own', async () => {
  const { enter, broker } = gateWith({ receive: 'hear' });
  const client = await enter(await issuer.token({ hear: ['a/#'] }));
  await client.subscribe('#');
  await broker.publish('b', 'not for you');
  await broker.publish('a/1', 'for you');
  expect((await client.receiveMessage()).text).toBe('for you');
});

test('limits are those of ClientLimits', async () => {
  const { knock } = gateWith({ limits: 'limits' });
  const token = await issuer.token({ limits: { maximumQoS: 1, receiveMaximum: 5, serverKeepAlive: 30 } });
  expect(await knock(token)).toMatchObject({
    reasonCode: 0,
    properties: { maximumQoS: 1, receiveMaximum: 5, serverKeepAlive: 30 },
  });
});

test('a token for one client id is no good for another', async () => {
  const { knock, arrive } = gateWith({ clientId: 'device' });
  const token = await issuer.token({ device: 'truck-7' });
  expect(await knock(token, { clientId: 'truck-8' })).toMatchObject({ reasonCode: 0x85 });
  expect(await knock(token, { clientId: 'truck-7' })).toMatchObject({ reasonCode: 0 });
  const connack = await arrive().connectPacket({ clientId: '', password: Buffer.from(token) });
  expect(connack).toMatchObject({ reasonCode: 0, properties: { assignedClientIdentifier: 'truck-7' } });
});

test.each<[ClaimNames, object, string]>([
  [{ identity: 'name' }, {}, 'the token has no claim "name"'],
  [{ identity: 'constructor' }, {}, 'the token has no claim "constructor"'],
  [{ identity: ['a', 'b'] }, { a: { b: null } }, 'the token has no claim "a.b"'],
  [{ identity: ['a', 'b'] }, { a: { b: 7 } }, 'claim "a.b" is the number 7; it must be a string.'],
  [{ identity: 'name' }, { name: ['x'] }, 'claim "name" is an array; it must be a string.'],
  [{ groups: 'roles' }, { roles: 'admin' }, 'claim "roles" is a string; it must be an array of strings.'],
  [{ groups: 'roles' }, { roles: ['a', 7] }, 'claim "roles"[1] is the number 7; it must be a string.'],
  [{ mountPoint: 'tenant' }, {}, 'the token has no claim "tenant"'],
  [{ mountPoint: 'tenant' }, { tenant: '' }, 'claim "tenant" is empty.'],
  [{ mountPoint: 'tenant' }, { tenant: '+' }, 'claim "tenant" is no topic name'],
  [{ mountPoint: 'tenant' }, { tenant: 'a/#' }, 'claim "tenant" is no topic name'],
  [{ mountPoint: 'tenant' }, { tenant: {} }, 'claim "tenant" is an object; it must be a string.'],
  [{ publish: 'out' }, { out: 'a/#' }, 'claim "out" is a string; it must be an array of topic filters.'],
  [{ publish: 'out' }, { out: ['a/#/b'] }, 'claim "out"[0] is no topic filter'],
  [{ subscribe: 'in' }, { in: ['$share/g/a'] }, 'only the filter after the group belongs here'],
  [{ permissions: 'mqtt' }, { mqtt: ['a'] }, 'claim "mqtt" is an array; it must be an object with publish'],
  [{ permissions: 'mqtt' }, { mqtt: { publsh: [] } }, 'there is no claim "mqtt".publsh'],
  [{ permissions: 'mqtt' }, { mqtt: { publish: [null] } }, 'claim "mqtt".publish[0] is null'],
  [{ limits: 'limits' }, { limits: { maximumQoS: 3 } }, 'claim "limits".maximumQoS is the number 3'],
  [{ limits: 'limits' }, { limits: { receiveMaximum: 0 } }, 'claim "limits".receiveMaximum is the number 0'],
])('%j with the claims %j is refused', async (names, claims, words) => {
  const { knock, refused } = gateWith(names);
  const { reasonCode, properties } = await knock(await issuer.token({ ...claims }));
  expect(reasonCode).toBe(0x87);
  expect(properties.reasonString).toContain(words);
  expect(refused).toMatchObject([{ by: 'auth-jwt', reasonCode: 0x87 }]);
});

test('a function may read the claims in a way of its own', async () => {
  const { enter, knock, laboratory } = gateWith(async ({ tenant }, { clientId }) => {
    if (typeof tenant !== 'string') return deny(0x8a, 'the token has no tenant');
    return {
      allow: true,
      mountPoint: `tenants/${tenant}/`,
      groups: [clientId],
      expiresAt: (start + 10) * 1000,
    };
  });
  const client = await enter(await issuer.token({ tenant: 'blue' }), { keepAlive: 0 });
  expect(await knock(await issuer.token(), { clientId: 'd' })).toMatchObject({ reasonCode: 0x8a });
  await laboratory.advance(10_000);
  await client.expectDisconnect(0x87);
});

test('a function cannot prolong a token, and without an identity of its own it is that of the token', async () => {
  const { enter, knock, broker, laboratory } = gateWith(() => ({
    allow: true,
    expiresAt: (start + 9000) * 1000,
  }));
  const client = await enter(await issuer.token(), { username: 'root', keepAlive: 0 });
  expect(broker.client('c')?.identity).toBe('anna');
  expect(await knock(await issuer.token({ sub: undefined }))).toMatchObject({ reasonCode: 0x87 });
  await laboratory.advance(305_000);
  await client.expectDisconnect(0x87);
});
