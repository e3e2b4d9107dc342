import type { KeyObject } from 'node:crypto';

/**
 * The signature algorithms that can be allowed: those of RFC 7518 and RFC 8037, `Ed25519` being the newer name of
 * `EdDSA` with that curve. `none` is not among them.
 */
export type JwtAlgorithm = (typeof jwtAlgorithms)[number];

/** Every {@link JwtAlgorithm}. */
export const jwtAlgorithms = [
  ...(['HS256', 'HS384', 'HS512'] as const),
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512'] as const),
  ...(['EdDSA', 'Ed25519'] as const),
] as const;

export function isJwtAlgorithm(value: unknown): value is JwtAlgorithm {
  return jwtAlgorithms.some((algorithm) => algorithm === value);
}

/** A kind of key, and the only algorithms it may be used with: a public key is never a secret for an HMAC. */
export interface KeyKind {
  /** For messages: `an RSA key of 2048 bits`. */
  readonly name: string;
  readonly algorithms: readonly JwtAlgorithm[];
}

/** An HMAC key has as many bits as the hash, at least. RFC 7518 §3.2 */
const bytesOfHash = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** RFC 7518 §3.3 and §3.5 */
const smallestModulus = 2048;

const curves: Readonly<Record<string, KeyKind>> = {
  prime256v1: { name: 'a key on the curve P-256', algorithms: ['ES256'] },
  secp384r1: { name: 'a key on the curve P-384', algorithms: ['ES384'] },
  secp521r1: { name: 'a key on the curve P-521', algorithms: ['ES512'] },
};

export function kindOf(key: KeyObject): KeyKind {
  if (key.type === 'secret') return kindOfSecret(key.symmetricKeySize ?? 0);
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return {
        name: `an RSA key of ${modulusLength} bits`,
        algorithms:
          modulusLength < smallestModulus ? [] : ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
      };
    case 'ec':
      return curves[namedCurve] ?? { name: `a key on the curve ${namedCurve}`, algorithms: [] };
    case 'ed25519':
      return { name: 'an Ed25519 key', algorithms: ['EdDSA', 'Ed25519'] };
    default:
      return { name: `a key of the type ${key.asymmetricKeyType}`, algorithms: [] };
  }
}

function kindOfSecret(bytes: number): KeyKind {
  const algorithms = (['HS256', 'HS384', 'HS512'] as const).filter(
    (algorithm) => bytes >= bytesOfHash[algorithm],
  );
  return { name: `a secret of ${bytes} bytes`, algorithms };
}
