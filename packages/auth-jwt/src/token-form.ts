import { isObject } from '@carillon/hooks/checks';
import { hasRepeatedMember } from './repeated-member.ts';
import { TokenRefused } from './token-refused.ts';

/** What a token says of its signature: nothing of it is proven. */
export interface TokenHeader {
  readonly algorithm: string;
  readonly kid: string | undefined;
}

/** Header, claims and signature, each in base64url. RFC 7515 §7.1 */
const compactForm = /^[\w-]+\.[\w-]*\.[\w-]*$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the header of what may be a token.
 *
 * @returns `undefined` for what is not one, such as a password: others may know it.
 * @throws {TokenRefused} when it is a token that nobody should accept.
 */
export function readHeader(text: string, maximumBytes: number): TokenHeader | undefined {
  if (!compactForm.test(text)) return undefined;
  if (text.length > maximumBytes) throw new TokenRefused(`the token has more than ${maximumBytes} bytes`);
  const json = decode(text.slice(0, text.indexOf('.')));
  if (json === undefined) return undefined;
  const { alg, kid } = json.fields;
  if (typeof alg !== 'string') return undefined;
  if (hasRepeatedMember(json.text)) throw new TokenRefused('the header of the token names something twice');
  if (kid !== undefined && typeof kid !== 'string') {
    throw new TokenRefused('the kid of the token is not text');
  }
  return { algorithm: alg, kid };
}

/** The claims of a token as text. Its signature has been checked before. */
export function claimsText(token: string): string {
  const [, claims = ''] = token.split('.');
  return utf8.decode(Buffer.from(claims, 'base64url'));
}

function decode(part: string): { text: string; fields: Readonly<Record<string, unknown>> } | undefined {
  try {
    const text = utf8.decode(Buffer.from(part, 'base64url'));
    const value: unknown = JSON.parse(text);
    return isObject(value) ? { text, fields: value } : undefined;
  } catch {
    return undefined;
  }
}
