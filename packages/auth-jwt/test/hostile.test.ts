import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { gate } from './gate.ts';
import { base64url, Issuer, start, tokenBySecret } from './issuer.ts';

const rsa = new Issuer('RS256', 'rsa');
const elliptic = new Issuer('ES256', 'ec');
const stranger = new Issuer('RS256', 'rsa');
const secret = 'a secret of more than thirty-two bytes';

/** Everything that is allowed at once is what an attacker would wish for. */
const options = {
  keys: [{ jwk: rsa.jwk }, { jwk: elliptic.jwk }, { secret }],
  algorithms: ['RS256', 'PS256', 'ES256', 'HS256'],
  issuer: 'https://id.example.com/',
  audience: 'mqtt',
} as const;

const good = { iss: 'https://id.example.com/', aud: ['web', 'mqtt'] };
const claims = JSON.stringify({ sub: 'anna', exp: start + 300, ...good });

/** A token whose signature is an HMAC with whatever is at hand. */
function byHmac(key: string | Uint8Array, header: object, body = claims): string {
  const said = `${base64url(JSON.stringify(header))}.${base64url(body)}`;
  return `${said}.${createHmac('sha256', key).update(said).digest('base64url')}`;
}

function unsigned(header: object, signature = ''): string {
  return `${base64url(JSON.stringify(header))}.${base64url(claims)}.${signature}`;
}

async function withOther(part: 'claims' | 'signature'): Promise<string> {
  const [header, body, signature] = (await rsa.token(good)).split('.');
  const other = base64url(claims.replace('anna', 'root'));
  return part === 'claims' ? `${header}.${other}.${signature}` : `${header}.${body}.${'A'.repeat(342)}`;
}

const notHere = new Issuer('ES256', 'nobody');

/** What is wrong, the token, and what the client is told. */
const hostile: readonly (readonly [string, () => string | Promise<string>, string])[] = [
  ['alg none', () => unsigned({ alg: 'none' }), 'the algorithm of the token is not allowed here'],
  ['alg None', () => unsigned({ alg: 'None' }), 'the algorithm of the token is not allowed here'],
  ['alg none with a signature', () => unsigned({ alg: 'none' }, 'AAAA'), 'not allowed here'],
  ['alg constructor', () => unsigned({ alg: 'constructor' }), 'not allowed here'],
  ['no signature', () => unsigned({ alg: 'RS256', kid: 'rsa' }), 'the signature of the token is wrong'],
  ['an algorithm that is not allowed', () => unsigned({ alg: 'ES512' }, 'AAAA'), 'not allowed here'],
  ['an HMAC with the public key as PEM', () => byHmac(rsa.pem, { alg: 'HS256', kid: 'rsa' }), 'is wrong'],
  ['an HMAC with the public JWK', () => byHmac(JSON.stringify(rsa.jwk), { alg: 'HS256' }), 'is wrong'],
  ['an HMAC with an empty key', () => byHmac('', { alg: 'HS256' }), 'the signature of the token is wrong'],
  [
    'RS256 in the name of an elliptic key',
    () => rsa.token(good, { kid: 'ec' }),
    'a key that is not known here',
  ],
  [
    'ES256 in the name of an RSA key',
    () => elliptic.token(good, { kid: 'rsa' }),
    'a key that is not known here',
  ],
  ['a signature of somebody else', () => stranger.token(good), 'the signature of the token is wrong'],
  ['other claims under a good signature', () => withOther('claims'), 'the signature of the token is wrong'],
  ['another signature', () => withOther('signature'), 'the signature of the token is wrong'],
  ['a key of its own in jwk', () => stranger.token(good, { jwk: stranger.jwk }), 'is wrong'],
  ['a kid that is a path', () => notHere.token(good, { kid: '../../../../etc/passwd' }), 'is not known here'],
  ['a kid that is SQL', () => notHere.token(good, { kid: "' OR 1=1 --" }), 'is not known here'],
  ['a kid that is __proto__', () => notHere.token(good, { kid: '__proto__' }), 'is not known here'],
  [
    'a kid that is an address',
    () => notHere.token(good, { kid: 'http://127.0.0.1/jwks' }),
    'is not known here',
  ],
  [
    'a kid that is a number',
    () => unsigned({ alg: 'RS256', kid: 7 }, 'AAAA'),
    'the kid of the token is not text',
  ],
  ['an unknown crit', () => rsa.rawToken(claims, '{"alg":"RS256","crit":["x"],"x":1}'), 'not in order'],
  ['b64 false', () => rsa.rawToken(claims, '{"alg":"RS256","crit":["b64"],"b64":false}'), 'not in order'],
  ['expired', () => rsa.token({ ...good, exp: start - 60 }), 'the token has expired'],
  ['not valid yet', () => rsa.token({ ...good, nbf: start + 60 }), 'the token is not valid yet'],
  [
    'an end that is text',
    () => rsa.rawToken(claims.replace(/"exp":\d+/, '"exp":"never"')),
    'has the wrong type',
  ],
  [
    'an end beyond numbers',
    () => rsa.rawToken(claims.replace(/"exp":\d+/, '"exp":1e999')),
    'at no time there is',
  ],
  ['another issuer', () => rsa.token({ ...good, iss: 'https://evil.example/' }), 'is from another issuer'],
  ['no issuer', () => rsa.token({ aud: 'mqtt' }), 'the token has no claim "iss"'],
  [
    'issuers as a list',
    () => rsa.rawToken(claims.replace(/"iss":"[^"]*"/, '"iss":["https://id.example.com/"]')),
    'issuer',
  ],
  ['another audience', () => rsa.token({ ...good, aud: 'mqtts' }), 'the token is for another audience'],
  ['no audience', () => rsa.token({ iss: good.iss }), 'the token has no claim "aud"'],
  ['a claim twice', () => rsa.rawToken(claims.replace('{', '{"sub":"root",')), 'the token has a claim twice'],
  [
    'a claim twice, once escaped',
    () => rsa.rawToken(claims.replace('{', '{"s\\u0075b":"root",')),
    'a claim twice',
  ],
  ['alg twice', () => rsa.rawToken(claims, '{"alg":"RS256","alg":"RS256"}'), 'names something twice'],
  ['claims that are a list', () => rsa.rawToken('["sub"]'), 'the token is not in order'],
  ['claims that are not JSON', () => rsa.rawToken('{"sub":'), 'the token is not in order'],
  ['claims that are not UTF-8', () => rsa.rawToken('\ud800'.repeat(2)), 'the token is not in order'],
  ['no claims', () => rsa.rawToken(''), 'the token is not in order'],
  ['letters that base64url has not', async () => `${await rsa.token(good)}=`, ''],
  [
    'more bytes than allowed',
    () => rsa.token({ ...good, x: 'y'.repeat(20_000) }),
    'has more than 16384 bytes',
  ],
  [
    '64 KiB of a token',
    () => `${unsigned({ alg: 'RS256' })}${'A'.repeat(65_300)}`,
    'has more than 16384 bytes',
  ],
  ['no subject', () => rsa.token({ ...good, sub: undefined }), 'the token has no claim "sub"'],
  ['an empty subject', () => rsa.token({ ...good, sub: '' }), 'claim "sub" is empty'],
  ['a subject that is a number', () => rsa.rawToken(claims.replace('"anna"', '7')), 'it must be a string'],
  [
    'a subject with U+0000',
    () => rsa.token({ ...good, sub: 'a\0b' }),
    'claim "sub" has the character U+0000',
  ],
  ['half a surrogate pair', () => rsa.rawToken(claims.replace('anna', '\\ud800')), 'half a surrogate pair'],
  ['garbage', () => 'garbage', ''],
  ['dots', () => '..', ''],
  ['five parts', () => 'eyJhbGciOiJkaXIifQ.a.b.c.d', ''],
  ['a header that is not JSON', () => 'AAAA.BBBB.CCCC', ''],
  ['a header that is a list', () => `${base64url('["alg"]')}.e30.AAAA`, ''],
];

test.each(hostile)('%s: refused', async (_, make, words) => {
  const token = await make();
  const { knock, refused, broker, laboratory } = gate(options);
  const { reasonCode, properties } = await knock(token);
  expect(reasonCode).toBe(0x87);
  expect(properties.reasonString).toContain(words);
  expect(refused).toMatchObject([{ what: 'connect', reasonCode: 0x87 }]);
  expect([...broker.clients()]).toEqual([]);
  // Not thrown, but judged; and nothing of it is in the log.
  expect(laboratory.logger.messages('error')).toEqual([]);
  expect(JSON.stringify(laboratory.logger.records)).not.toContain(token.slice(0, 60));
  // The broker lives on.
  expect(await knock(await rsa.token(good))).toMatchObject({ reasonCode: 0 });
});

test('a user name of 64 KiB, and one that looks like a token, are refused', async () => {
  const { arrive, refused } = gate({ ...options, from: ['username'] });
  for (const username of ['x'.repeat(65_400), `${'A'.repeat(65_400)}.B.C`]) {
    expect(await arrive().connectPacket({ username })).toMatchObject({ reasonCode: 0x87 });
  }
  // One byte more than a CONNECT may have: nothing is read at all.
  const client = arrive();
  client.send({ type: 'connect', username: 'x'.repeat(65_535) });
  await client.expectClosed();
  expect(refused).toHaveLength(3);
});

test('a user name that is not UTF-8 is refused before anybody looks for a token in it', async () => {
  const { arrive, refused } = gate({ ...options, from: ['username'] });
  const client = arrive();
  client.sendBytes('10 13 00 04 4d 51 54 54 05 82 00 3c 00 00 01 63 00 02 c3 28 00');
  await client.expect('connack', { reasonCode: 0x81 });
  expect(refused).toHaveLength(1);
});

test('a password that is not text is refused', async () => {
  const { arrive, refused } = gate(options);
  const password = Buffer.from([0xff, 0x2e, 0x00, 0x2e, 0x80]);
  expect(await arrive().connectPacket({ username: 'anna', password })).toMatchObject({ reasonCode: 0x87 });
  expect(refused).toHaveLength(1);
});

test('a client id with wildcards stays a client id', async () => {
  const { knock, broker } = gate({ ...options, claims: { publish: 'topics' } });
  const token = await rsa.token({ ...good, topics: [], sub: '#' });
  expect(await knock(token, { clientId: '+/#' })).toMatchObject({ reasonCode: 0 });
  expect(broker.client('+/#')).toMatchObject({ identity: '#', mountPoint: '' });
});

let server: ReturnType<typeof createServer>;
let requests = 0;
const folder = mkdtempSync(join(tmpdir(), 'carillon-jwt-'));

beforeAll(async () => {
  writeFileSync(join(folder, 'stranger.jwk'), JSON.stringify({ ...stranger.jwk, kid: 'stranger' }));
  server = createServer((_, response) => {
    requests++;
    response.end(JSON.stringify({ keys: [stranger.jwk] }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test('no header makes the broker fetch or open anything', async () => {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  const url = `http://127.0.0.1:${address.port}/jwks`;
  const { knock } = gate(options);
  const file = join(folder, 'stranger.jwk');
  for (const header of [{ jku: url }, { x5u: url }, { kid: url }, { kid: file }, { kid: `file://${file}` }]) {
    expect(await knock(await stranger.token(good, header))).toMatchObject({ reasonCode: 0x87 });
  }
  expect(requests).toBe(0);
});

test('neither tokens nor keys are in the log, whatever happens', async () => {
  const { knock, enter, laboratory } = gate({
    ...options,
    claims: () => {
      throw new Error('the table is away');
    },
  });
  const token = await tokenBySecret(secret, good);
  expect((await knock(token)).reasonCode).toBe(0x87);
  expect(laboratory.logger.messages('error')).toHaveLength(1);
  await expect(enter(token)).rejects.toThrow('expected to be accepted');
  const logged = laboratory.logger.records
    .map(({ details, message }) => `${message} ${inspectAll(details)}`)
    .join('\n');
  for (const part of [...token.split('.'), secret]) expect(logged).not.toContain(part);
});

function inspectAll(details: object): string {
  return Object.entries(details)
    .map(([name, value]) =>
      value instanceof Error ? `${value.stack} ${String(value.cause)}` : `${name} ${JSON.stringify(value)}`,
    )
    .join(' ');
}
