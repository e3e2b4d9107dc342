import { expect, test } from 'vitest';
import type { JwtAlgorithm } from '../src/index.ts';
import { gate } from './gate.ts';
import { Issuer, start, tokenBySecret } from './issuer.ts';

const elliptic = new Issuer('ES256', 'k1');
const options = { keys: { jwk: elliptic.jwk }, algorithms: ['ES256'] } as const;

const asymmetric: readonly JwtAlgorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
];

test.each(asymmetric)(
  'a token signed by %s lets its subject in, with a JWK and with PEM',
  async (algorithm) => {
    const issuer = new Issuer(algorithm);
    for (const keys of [{ jwk: issuer.jwk }, { pem: issuer.pem }, { jwk: { keys: [issuer.jwk] } }]) {
      const { enter, broker } = gate({ keys, algorithms: [algorithm] });
      await enter(await issuer.token());
      expect(broker.client('c')?.identity).toBe('anna');
    }
  },
);

test.each([
  ['HS256', 32],
  ['HS384', 48],
  ['HS512', 64],
] as const)('a token signed by %s with the shared secret lets its subject in', async (algorithm, length) => {
  const secret = 's'.repeat(length);
  const { enter, broker } = gate({ keys: { secret }, algorithms: [algorithm] });
  await enter(await tokenBySecret(secret, {}, { alg: algorithm }));
  expect(broker.client('c')?.identity).toBe('anna');
});

test('a 3.1.1 client is let in by its password as well', async () => {
  const { laboratory, broker } = gate(options);
  const password = Buffer.from(await elliptic.token());
  await laboratory.connect(broker, { clientId: 'old', protocolVersion: 4, username: 'x', password });
  expect(broker.client('old')).toMatchObject({ identity: 'anna', username: 'x' });
});

test('the identity is of the token, whatever user name comes with it', async () => {
  const { enter, broker } = gate(options);
  await enter(await elliptic.token(), { username: 'admin' });
  expect(broker.client('c')?.identity).toBe('anna');
});

test('a token is looked for in the user name where that is allowed, and not otherwise', async () => {
  const username = await elliptic.token();
  const strict = gate(options);
  expect(await strict.arrive().connectPacket({ username })).toMatchObject({ reasonCode: 0x87 });
  const open = gate({ ...options, from: ['password', 'username'] });
  const client = await open.laboratory.connect(open.broker, { clientId: 'c', username });
  await client.ping();
});

test('with two keys of one algorithm, the name of the key decides, and a nameless token tries both', async () => {
  const other = new Issuer('ES256', 'k2');
  const { enter, knock } = gate({ ...options, keys: [{ jwk: elliptic.jwk }, { jwk: other.jwk }] });
  await enter(await other.token());
  await enter(await other.token({}, { kid: undefined }));
  expect(await knock(await other.token({}, { kid: 'k1' }))).toMatchObject({ reasonCode: 0x87 });
});

test('what is not a token is left to other plugins', async () => {
  const { broker, arrive, laboratory } = gate(options);
  broker.use({ name: 'table', hooks: { authenticate: ({ username }) => username === 'root' } });
  await laboratory.connect(broker, {
    clientId: 'r',
    username: 'root',
    password: Buffer.from('plain.old.word'),
  });
  expect(await arrive().connectPacket({ username: 'guest' })).toMatchObject({ reasonCode: 0x87 });
});

test('a token that is not good is refused though another plugin would let its bearer in', async () => {
  const { broker, knock } = gate(options);
  broker.use({ name: 'anybody', hooks: { authenticate: () => true } });
  const expired = await elliptic.token({ exp: start - 60 });
  expect(await knock(expired)).toMatchObject({ reasonCode: 0x87 });
});

test('the clocks may differ by the tolerance, and no more', async () => {
  const { knock } = gate({ ...options, clockTolerance: 10_000 });
  expect(await knock(await elliptic.token({ exp: start - 9 }))).toMatchObject({ reasonCode: 0 });
  expect(await knock(await elliptic.token({ exp: start - 10 }))).toMatchObject({ reasonCode: 0x87 });
  expect(await knock(await elliptic.token({ nbf: start + 10 }))).toMatchObject({ reasonCode: 0 });
  expect(await knock(await elliptic.token({ nbf: start + 11 }))).toMatchObject({ reasonCode: 0x87 });
});

test('a token without an end is taken only where that is said', async () => {
  const endless = await elliptic.token({ exp: undefined });
  expect(await gate(options).knock(endless)).toMatchObject({
    reasonCode: 0x87,
    properties: { reasonString: 'the token has no claim "exp"' },
  });
  const { enter, laboratory } = gate({ ...options, requiredClaims: [] });
  const client = await enter(endless, { keepAlive: 0 });
  await laboratory.advance(86_400_000 * 30);
  await client.ping();
});

test('the connection ends with the token', async () => {
  const { enter, laboratory, refused } = gate({ ...options, clockTolerance: 2_000 });
  const client = await enter(await elliptic.token({ exp: start + 60 }), { keepAlive: 0 });
  await laboratory.advance(61_999);
  await client.ping();
  await laboratory.advance(1);
  const { properties } = await client.expect('disconnect', { reasonCode: 0x87 });
  expect(properties.reasonString).toBe('the authentication has expired');
  expect(refused).toEqual([]);
});

test('the connection of a 3.1.1 client ends with the token, without a word', async () => {
  const { enter, laboratory } = gate({ ...options, clockTolerance: 0 });
  const client = await enter(await elliptic.token({ exp: start + 60 }), {
    protocolVersion: 4,
    username: '',
    keepAlive: 0,
  });
  await laboratory.advance(60_000);
  await client.expectClosed();
});

test('the age of a token ends it before its own end', async () => {
  const { enter, knock, laboratory } = gate({ ...options, clockTolerance: 0, maximumTokenAge: 30_000 });
  const client = await enter(await elliptic.token({ iat: start - 10 }), { keepAlive: 0 });
  expect(await knock(await elliptic.token({ iat: start - 31 }))).toMatchObject({
    properties: { reasonString: 'the token is too old' },
  });
  expect(await knock(await elliptic.token())).toMatchObject({ reasonCode: 0x87 });
  await laboratory.advance(19_999);
  await client.ping();
  await laboratory.advance(1);
  await client.expectDisconnect(0x87);
});

test('an end further away than a timer can hold is no end for now', async () => {
  const { enter, laboratory } = gate(options);
  const client = await enter(await elliptic.token({ exp: start + 4e9 }), { keepAlive: 0 });
  await laboratory.advance(86_400_000 * 30);
  await client.ping();
});
