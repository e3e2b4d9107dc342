import { randomBytes } from 'node:crypto';
import saslprep from '@mongodb-js/saslprep';
import { hashOf, type ScramMethod } from './methods.ts';
import type { ScramHash } from './scram-hash.ts';

/** What a server keeps of a password (RFC 5802, section 3). It proves a client, and nobody can log in with it. */
export interface ScramCredentials {
  readonly salt: Uint8Array;
  /** Rounds that hashing the password takes: the client's work, at every login. */
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

/** How credentials are made. */
export interface ScramCredentialOptions {
  /**
   * Default 15,000; at least 4096 [RFC 7677, section 4]. Where it differs from user to user, {@link scramAuth} cannot
   * hide who is known.
   */
  readonly iterations?: number;
  /** Default: 16 random bytes. */
  readonly salt?: Uint8Array;
}

/** For new credentials, and for who is not known. */
export const defaultIterations = 15_000;
/** RFC 7677, section 4. */
export const fewestIterations = 4096;
/** More than any login can wait for. */
export const mostIterations = 10_000_000;
/** Bytes. */
export const saltLength = 16;

/**
 * Makes what a server keeps of a password: once, when it is chosen.
 *
 * @throws TypeError when the password is empty, or has characters that SASLprep (RFC 4013) prohibits.
 * @throws RangeError when there are too few iterations.
 * @example
 * ```ts
 * const alice = await scramCredentials('SCRAM-SHA-256', 'tick-tock');
 * ```
 */
export async function scramCredentials(
  method: ScramMethod,
  password: string,
  options: ScramCredentialOptions = {},
): Promise<ScramCredentials> {
  const { iterations = defaultIterations, salt = randomBytes(saltLength) } = options;
  if (!Number.isInteger(iterations) || iterations < fewestIterations || iterations > mostIterations) {
    throw new RangeError(
      `option iterations is ${iterations}; it has to be a whole number from ${fewestIterations} to ${mostIterations}`,
    );
  }
  return deriveCredentials(hashOf(method), prepared(password, 'the password'), salt, iterations);
}

/** RFC 5802, section 3. */
export async function deriveCredentials(
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramCredentials> {
  const salted = await hash.salted(password, salt, iterations);
  const storedKey = hash.hash(hash.hmac(salted, 'Client Key'));
  return { salt, iterations, storedKey, serverKey: hash.hmac(salted, 'Server Key') };
}

/**
 * A text as both sides hash and compare it.
 *
 * @throws TypeError when nothing is left of it, or it has characters that are prohibited.
 */
export function prepared(text: string, what: string): string {
  const result = text === '' ? undefined : saslPrepared(text);
  if (result !== undefined && result !== '') return result;
  throw new TypeError(`${what} is nothing to SASLprep (RFC 4013), or has characters that it prohibits`);
}

/** What the library throws is left out: it may show the text. */
function saslPrepared(text: string): string | undefined {
  try {
    return saslprep(text);
  } catch {
    return undefined;
  }
}
