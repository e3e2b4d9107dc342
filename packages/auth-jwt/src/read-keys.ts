import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { isObject } from '@carillon/hooks/checks';
import type { JwtAlgorithm } from './algorithms.ts';
import { bindKey, KeyFault, type VerificationKey } from './verification-key.ts';

/** What keys are read for. */
export interface KeyReading {
  readonly allowed: ReadonlySet<JwtAlgorithm>;
  /** Whether a secret may be among them: never in what comes from a URL. */
  readonly secrets: boolean;
}

/** The keys of a file or a set, and why others in it are not used. */
export interface KeysRead {
  readonly keys: readonly VerificationKey[];
  readonly unused: readonly string[];
}

/** A set with more keys is not one of an issuer. */
const maximumKeys = 100;

/**
 * Reads keys from text: PEM (public keys and certificates, one or more), a JWK, or a JWKS.
 *
 * @throws {KeyFault} when there is not one key that can be used.
 */
export function readKeys(text: string, reading: KeyReading, kid?: string): KeysRead {
  if (text.trimStart().startsWith('{')) return readJson(parseJson(text), reading);
  return { keys: readPem(text, reading, kid), unused: [] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The words of JSON.parse show what is there, which may be a secret.
    throw new KeyFault('it begins like JSON and is none');
  }
}

/**
 * Reads a JWK or a JWKS. In a set, keys for something else are left out; so are broken ones.
 *
 * @throws {KeyFault} when there is not one key that can be used.
 */
export function readJson(value: unknown, reading: KeyReading): KeysRead {
  if (!isObject(value)) throw new KeyFault('a JWK is an object');
  if (!('keys' in value)) return { keys: [readJwk(value, reading)], unused: [] };
  const { keys: jwks } = value;
  if (!Array.isArray(jwks)) throw new KeyFault('the keys of a JWKS are a list');
  if (jwks.length > maximumKeys) throw new KeyFault(`it has more than ${maximumKeys} keys`);
  const keys: VerificationKey[] = [];
  const unused: string[] = [];
  jwks.forEach((jwk: unknown, place) => {
    try {
      keys.push(readJwk(jwk, reading));
    } catch (error) {
      if (!(error instanceof KeyFault)) throw error;
      unused.push(`keys[${place}]: ${error.message}`);
    }
  });
  if (keys.length > 0) return { keys, unused };
  throw new KeyFault(unused.length === 0 ? 'it has no keys' : `no key can be used: ${unused.join('; ')}`);
}

function readJwk(jwk: unknown, reading: KeyReading): VerificationKey {
  if (!isObject(jwk)) throw new KeyFault('a JWK is an object');
  const kid = optionalText(jwk, 'kid');
  const alg = optionalText(jwk, 'alg');
  const use = optionalText(jwk, 'use') ?? 'sig';
  if (use !== 'sig') throw new KeyFault('its use is not sig');
  const { key_ops: operations } = jwk;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw new KeyFault('its key_ops do not have verify');
  }
  return bindKey(keyOf(jwk, reading), reading.allowed, { kid, alg });
}

function keyOf(jwk: Fields, { secrets }: KeyReading): KeyObject {
  const kty = text(jwk, 'kty');
  if (kty === 'oct') {
    if (!secrets) throw new KeyFault('a secret has no place in a published set');
    return createSecretKey(Buffer.from(text(jwk, 'k'), 'base64url'));
  }
  if ('d' in jwk) throw new KeyFault('it is a private key: only its public part belongs here');
  switch (kty) {
    case 'RSA':
      return publicKey({ kty, n: text(jwk, 'n'), e: text(jwk, 'e') });
    case 'EC':
      return publicKey({ kty, crv: text(jwk, 'crv'), x: text(jwk, 'x'), y: text(jwk, 'y') });
    case 'OKP':
      return publicKey({ kty, crv: text(jwk, 'crv'), x: text(jwk, 'x') });
    default:
      throw new KeyFault('its kty is not RSA, EC, OKP or oct');
  }
}

function publicKey(jwk: Readonly<Record<string, string>>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new KeyFault('its numbers are no key');
  }
}

function readPem(pem: string, { allowed }: KeyReading, kid: string | undefined): VerificationKey[] {
  const blocks = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----/g)];
  if (blocks.length === 0) throw new KeyFault('it is neither PEM nor a JWK nor a JWKS');
  if (blocks.length > maximumKeys) throw new KeyFault(`it has more than ${maximumKeys} keys`);
  return blocks.map(([block, label = '']) => {
    if (label.includes('PRIVATE')) {
      throw new KeyFault('it has a private key: only the public part belongs here');
    }
    return bindKey(keyOfPem(block, label), allowed, { kid });
  });
}

function keyOfPem(block: string, label: string): KeyObject {
  try {
    return createPublicKey(block);
  } catch {
    throw new KeyFault(`what its ${label} holds is no public key`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function optionalText(jwk: Fields, name: string): string | undefined {
  return jwk[name] === undefined ? undefined : text(jwk, name);
}

function text(jwk: Fields, name: string): string {
  const value = jwk[name];
  if (typeof value === 'string') return value;
  throw new KeyFault(`its ${name} is not text`);
}
