import { ScramHash } from './scram-hash.ts';

/** The methods of enhanced authentication: RFC 7677, and its like over SHA-512. */
export type ScramMethod = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

/** Both methods, the stronger one first. */
export const scramMethods: readonly ScramMethod[] = ['SCRAM-SHA-512', 'SCRAM-SHA-256'];

const hashes: Readonly<Record<ScramMethod, ScramHash>> = {
  'SCRAM-SHA-256': new ScramHash('sha256'),
  'SCRAM-SHA-512': new ScramHash('sha512'),
};

export function hashOf(method: ScramMethod): ScramHash {
  return hashes[method];
}

export function isScramMethod(method: string): method is ScramMethod {
  return Object.hasOwn(hashes, method);
}
