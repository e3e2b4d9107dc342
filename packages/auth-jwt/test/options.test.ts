import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type JwtAuthOptions, JwtOptionError, jwtAuth } from '../src/index.ts';
import { Issuer } from './issuer.ts';

const { jwk, pem, privatePem, privateJwk } = new Issuer('ES256');
const good = { keys: { jwk }, algorithms: ['ES256'] };
const nobody = join(tmpdir(), 'carillon-jwt-nobody.jwks');

/** As it comes from JSON: of any form. */
function asOptions(value: unknown): JwtAuthOptions {
  return JSON.parse(JSON.stringify(value));
}

test.each<[unknown, string]>([
  ['jwt', 'option (all of them) is a string; it must be an object with keys and algorithms.'],
  [
    { ...good, algorithms: undefined },
    'option algorithms is undefined; it must be a list, each one of HS256,',
  ],
  [{ ...good, algorithms: [] }, 'option algorithms is an array; it must be a list, each one of HS256,'],
  [{ ...good, algorithms: ['none'] }, 'option algorithms[0] is a string; it must be one of HS256,'],
  [{ ...good, isuer: 'x' }, 'option there is no isuer; there are algorithms, issuer,'],
  [{ ...good, issuer: [] }, 'option issuer is an array; it must be text, or a list with some.'],
  [{ ...good, audience: 7 }, 'option audience is the number 7; it must be an array of strings.'],
  [
    { ...good, clockTolerance: -1 },
    'option clockTolerance is the number -1; it must be a whole number from 0',
  ],
  [{ ...good, maximumTokenSize: 1e6 }, 'option maximumTokenSize is the number 1000000'],
  [{ ...good, from: ['passwort'] }, 'option from[0] is a string; it must be "password", "username",'],
  [{ ...good, from: [{ cookie: 'a', query: 'b' }] }, 'option from[0] is an object; it must be "password",'],
  [{ ...good, method: true }, 'option method is true; it must be a string.'],
  [{ ...good, claims: { roles: 'x' } }, 'option there is no claims.roles; there are identity,'],
  [
    { ...good, claims: { groups: [] } },
    'option claims.groups is an array; it must be text, or a list with some.',
  ],
  [
    { algorithms: ['ES256'] },
    'option keys is undefined; it must be an object with secret, pem, jwk, file or url.',
  ],
  [{ ...good, keys: [] }, 'option keys is an array; it must be a source of keys, or a list with some.'],
  [
    { ...good, keys: { jwks: {} } },
    'option keys is an object; it must be an object with secret, pem, jwk, file or url.',
  ],
  [{ ...good, keys: { jwk, kid: 'x' } }, 'option there is no keys.kid; there are jwk.'],
  [{ ...good, keys: [{ jwk }, { pem: 'x' }] }, 'option keys[1] cannot be used: it is neither PEM nor a JWK'],
  [{ ...good, keys: { pem: privatePem } }, 'option keys cannot be used: it has a private key'],
  [{ ...good, keys: { jwk: privateJwk } }, 'option keys cannot be used: it is a private key'],
  [
    { ...good, keys: { pem }, algorithms: ['HS256'] },
    'a key on the curve P-256 is for none of the allowed algorithms (HS256), but for ES256',
  ],
  [
    { keys: { secret: 'too short' }, algorithms: ['HS256'] },
    'a secret of 9 bytes is too weak or not for signatures',
  ],
  [
    { keys: { secret: 's'.repeat(32) }, algorithms: ['HS512'] },
    'a secret of 32 bytes is for none of the allowed algorithms (HS512), but for HS256',
  ],
  [{ ...good, keys: { file: nobody } }, 'option keys cannot be used: ENOENT'],
  [{ ...good, keys: { url: 'jwks.json' } }, 'option keys.url is no address that begins with https:'],
  [
    { ...good, keys: { url: 'http://id.example.com/' } },
    'option keys.url has to begin with https:, or allowHttp has to be true',
  ],
  [
    { ...good, keys: { url: 'https://a:b@id.example.com/' } },
    'option keys.url has a user name or a password: give them in headers',
  ],
  [{ ...good, keys: { url: 'https://x/', cooldown: 0 } }, 'option keys.cooldown is the number 0'],
  [{ ...good, keys: { url: 'https://x/', headers: { a: 1 } } }, 'option keys.headers.a is the number 1'],
])('%j is a mistake that is told', (options, message) => {
  expect(() => jwtAuth(asOptions(options))).toThrow(JwtOptionError);
  expect(() => jwtAuth(asOptions(options))).toThrow(message);
});

test('an RSA key of 1024 bits is too weak', async () => {
  const { generateKeyPairSync } = await import('node:crypto');
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const weak = String(publicKey.export({ format: 'pem', type: 'spki' }));
  expect(() => jwtAuth({ keys: { pem: weak }, algorithms: ['RS256'] })).toThrow(
    'an RSA key of 1024 bits is too weak',
  );
});

test('http: is taken for this machine, and for others where that is said', () => {
  for (const url of ['http://localhost:8080/jwks', 'http://[::1]/jwks', 'https://id.example.com/jwks']) {
    expect(jwtAuth({ keys: { url }, algorithms: ['ES256'] }).name).toBe('auth-jwt');
  }
  const url = 'http://id.internal/jwks';
  expect(jwtAuth({ keys: { url, allowHttp: true }, algorithms: ['ES256'] }).name).toBe('auth-jwt');
});
