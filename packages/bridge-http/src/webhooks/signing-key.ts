import type { WebhookSecret } from './webhook-options.ts';

const prefix = 'whsec_';
/** Bytes, as Standard Webhooks has it. */
const shortest = 24;
const longest = 64;

/** A secret that cannot be one. It is not shown. */
export class BadSecret extends Error {
  constructor(why: string) {
    super(`it is ${why}; it must be "whsec_" and the Base64 of ${shortest} to ${longest} bytes`);
    this.name = 'BadSecret';
  }
}

/**
 * A secret, or several, for which there are keys.
 *
 * @throws {BadSecret}
 */
export function checkSecret(value: unknown): WebhookSecret {
  if (!Array.isArray(value)) return checkOne(value);
  if (value.length === 0) throw new BadSecret('an empty list');
  return value.map(checkOne);
}

/** The keys of secrets that were checked, in order. */
export function signingKeys(secret: WebhookSecret): readonly Buffer[] {
  return (typeof secret === 'string' ? [secret] : secret).map(keyOf);
}

function checkOne(secret: unknown): string {
  if (typeof secret !== 'string') throw new BadSecret('no text');
  if (!secret.startsWith(prefix)) throw new BadSecret('without "whsec_" at its beginning');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(secret.slice(prefix.length))) throw new BadSecret('no Base64');
  const { length } = keyOf(secret);
  if (length < shortest || length > longest) throw new BadSecret(`a key of ${length} bytes`);
  return secret;
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(prefix.length), 'base64');
}
