import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

/** Seconds since 1970 at which the tests begin. */
export const start = 1_800_000_000;

/** Somebody who signs tokens. */
export class Issuer {
  readonly algorithm: string;
  readonly kid: string | undefined;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(algorithm: string, kid?: string) {
    this.algorithm = algorithm;
    this.kid = kid;
    const { privateKey, publicKey } = pairFor(algorithm);
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
  }

  get jwk(): object {
    const name = this.kid === undefined ? {} : { kid: this.kid };
    return { ...this.#publicKey.export({ format: 'jwk' }), use: 'sig', ...name };
  }

  get privateJwk(): object {
    return this.#privateKey.export({ format: 'jwk' });
  }

  get pem(): string {
    return String(this.#publicKey.export({ format: 'pem', type: 'spki' }));
  }

  get privatePem(): string {
    return String(this.#privateKey.export({ format: 'pem', type: 'pkcs8' }));
  }

  /** A token that is good for five minutes from `start` on, unless its claims say otherwise. */
  token(claims: object = {}, header: object = {}): Promise<string> {
    const name = this.kid === undefined ? {} : { kid: this.kid };
    return new SignJWT({ sub: 'anna', exp: start + 300, ...claims })
      .setProtectedHeader({ alg: this.algorithm, ...name, ...header })
      .sign(this.#privateKey);
  }

  /** A token with these very claims, as text: what no library would write. */
  async rawToken(claims: string, header = `{"alg":"${this.algorithm}"}`): Promise<string> {
    const { sign } = await import('node:crypto');
    const said = `${base64url(header)}.${base64url(claims)}`;
    return `${said}.${sign('sha256', Buffer.from(said), this.#privateKey).toString('base64url')}`;
  }
}

/** A token signed with a secret. */
export function tokenBySecret(secret: string, claims: object = {}, header: object = {}): Promise<string> {
  return new SignJWT({ sub: 'anna', exp: start + 300, ...claims })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(Buffer.from(secret));
}

export function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function pairFor(algorithm: string): { privateKey: KeyObject; publicKey: KeyObject } {
  if (/^[RP]S/.test(algorithm)) return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (/^Ed/.test(algorithm)) return generateKeyPairSync('ed25519');
  const namedCurve = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[algorithm] ?? algorithm;
  return generateKeyPairSync('ec', { namedCurve });
}
