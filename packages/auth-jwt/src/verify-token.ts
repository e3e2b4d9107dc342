import { asError } from '@carillon/hooks/checks';
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { isJwtAlgorithm, type JwtAlgorithm } from './algorithms.ts';
import type { KeyRing } from './key-ring.ts';
import { hasRepeatedMember } from './repeated-member.ts';
import { claimsText, readHeader } from './token-form.ts';
import { TokenRefused } from './token-refused.ts';

/** What a token has to be. Times in milliseconds. */
export interface TokenTerms {
  readonly algorithms: ReadonlySet<JwtAlgorithm>;
  readonly issuers: readonly string[] | undefined;
  readonly audiences: readonly string[] | undefined;
  readonly type: string | undefined;
  readonly requiredClaims: readonly string[];
  readonly clockTolerance: number;
  readonly maximumTokenAge: number | undefined;
  /** Bytes. */
  readonly maximumTokenSize: number;
}

/** A token that its issuer signed, for us, and for now. */
export interface VerifiedToken {
  readonly claims: JWTPayload;
  /** Milliseconds since 1970; absent when it never ends. */
  readonly endsAt: number | undefined;
}

/**
 * Checks a token: form, algorithm, signature, and the claims that say for whom and when.
 *
 * @returns `undefined` for what is not a token at all.
 * @throws {TokenRefused} when it is one and not good.
 */
export async function verifyToken(
  token: string,
  { terms, keys, now }: { readonly terms: TokenTerms; readonly keys: KeyRing; readonly now: number },
): Promise<VerifiedToken | undefined> {
  const header = readHeader(token, terms.maximumTokenSize);
  if (header === undefined) return undefined;
  const { algorithm, kid } = header;
  if (!isJwtAlgorithm(algorithm) || !terms.algorithms.has(algorithm)) {
    throw new TokenRefused('the algorithm of the token is not allowed here');
  }
  const options = joseOptions(terms, algorithm, now);
  for (const { key } of await keys.find(algorithm, kid)) {
    try {
      const { payload } = await jwtVerify(token, key, options);
      if (hasRepeatedMember(claimsText(token))) throw new TokenRefused('the token has a claim twice');
      return { claims: payload, endsAt: endOf(payload, terms) };
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw refusalFor(error);
    }
  }
  throw new TokenRefused('the signature of the token is wrong');
}

function joseOptions(terms: TokenTerms, algorithm: JwtAlgorithm, now: number): JWTVerifyOptions {
  const { issuers, audiences, type, maximumTokenAge } = terms;
  return {
    algorithms: [algorithm],
    currentDate: new Date(now),
    clockTolerance: terms.clockTolerance / 1000,
    requiredClaims: [...terms.requiredClaims],
    ...(issuers !== undefined && { issuer: [...issuers] }),
    ...(audiences !== undefined && { audience: [...audiences] }),
    ...(type !== undefined && { typ: type }),
    ...(maximumTokenAge !== undefined && { maxTokenAge: maximumTokenAge / 1000 }),
  };
}

/** Where the clocks may differ, the end comes later by as much as a new connection would still be let in. */
function endOf({ exp, iat }: JWTPayload, terms: TokenTerms): number | undefined {
  const ends: number[] = [];
  if (exp !== undefined) ends.push(exp * 1000);
  if (iat !== undefined && terms.maximumTokenAge !== undefined) {
    ends.push(iat * 1000 + terms.maximumTokenAge);
  }
  if (ends.length === 0) return undefined;
  const end = Math.min(...ends) + terms.clockTolerance;
  if (Number.isFinite(end)) return end;
  throw new TokenRefused('the token ends at no time there is');
}

/** The words of jose are for programmers, and its errors carry the claims. */
function refusalFor(error: unknown): Error {
  if (error instanceof TokenRefused) return error;
  if (error instanceof errors.JWTExpired) {
    return new TokenRefused(error.claim === 'iat' ? 'the token is too old' : 'the token has expired');
  }
  if (error instanceof errors.JWTClaimValidationFailed) return new TokenRefused(wordsFor(error));
  if (error instanceof errors.JOSEError) return new TokenRefused('the token is not in order');
  return asError(error);
}

function wordsFor({ claim, reason }: errors.JWTClaimValidationFailed): string {
  if (reason === 'missing') return `the token has no claim "${claim}"`;
  if (reason === 'invalid') return `the claim "${claim}" of the token has the wrong type`;
  switch (claim) {
    case 'iss':
      return 'the token is from another issuer';
    case 'aud':
      return 'the token is for another audience';
    case 'nbf':
      return 'the token is not valid yet';
    case 'iat':
      return 'the token was issued in the future';
    case 'typ':
      return 'the token is of another type';
    default:
      return `the claim "${claim}" of the token is not as it has to be`;
  }
}
