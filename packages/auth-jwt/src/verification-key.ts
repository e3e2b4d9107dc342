import type { KeyObject } from 'node:crypto';
import { isJwtAlgorithm, type JwtAlgorithm, kindOf } from './algorithms.ts';

/** A key, and the algorithms it is used with here: no others, whatever a token says. */
export interface VerificationKey {
  readonly key: KeyObject;
  /** The name tokens know it by; a key without one is tried for all that name none of the others. */
  readonly kid: string | undefined;
  readonly algorithms: ReadonlySet<JwtAlgorithm>;
}

/** A key that cannot be used. The words say why, and never what the key is. */
export class KeyFault extends Error {
  override readonly name = 'KeyFault';
}

/**
 * Binds a key to the algorithms that are allowed, fit its kind, and agree with its own `alg`.
 *
 * @throws {KeyFault} when none is left.
 */
export function bindKey(
  key: KeyObject,
  allowed: ReadonlySet<JwtAlgorithm>,
  { kid, alg }: { readonly kid?: string | undefined; readonly alg?: string | undefined },
): VerificationKey {
  const kind = kindOf(key);
  if (kind.algorithms.length === 0) throw new KeyFault(`${kind.name} is too weak or not for signatures`);
  if (alg !== undefined && !isJwtAlgorithm(alg)) throw new KeyFault('its alg is not one of JWT');
  const fitting = kind.algorithms.filter(
    (algorithm) => allowed.has(algorithm) && (alg === undefined || alg === algorithm),
  );
  if (fitting.length > 0) return { key, kid, algorithms: new Set(fitting) };
  const own = alg === undefined ? '' : ` with the alg ${alg}`;
  throw new KeyFault(
    `${kind.name}${own} is for none of the allowed algorithms (${[...allowed].join(', ')}), but for ${kind.algorithms.join(', ')}`,
  );
}
