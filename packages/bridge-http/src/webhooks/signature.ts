import { createHmac, timingSafeEqual } from 'node:crypto';
import { BadSecret, checkSecret, signingKeys } from './signing-key.ts';
import type { WebhookSecret } from './webhook-options.ts';

/** The signature of one key over a request, as Standard Webhooks has it. */
function sign(key: Buffer, id: string, timestamp: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

/** The value of `webhook-signature`: one signature for each key. */
export function signatures(keys: readonly Buffer[], id: string, timestamp: string, body: Uint8Array): string {
  return keys.map((key) => `v1,${sign(key, id, timestamp, body).toString('base64')}`).join(' ');
}

/** How a request is verified. */
export interface VerifyOptions {
  /** Seconds by which the request may be old, or the clocks differ. Default 300. */
  readonly tolerance?: number;
  /** Milliseconds since 1970. Default: what the system's clock says. */
  readonly now?: number;
}

/**
 * For receivers: whether a request came from who knows the secret, is whole, and is not one that was recorded earlier.
 * The scheme is that of Standard Webhooks, for which there are libraries in other languages.
 *
 * @param headers As Node has them: lower-case names.
 * @param body The bytes as they came.
 * @param secret One, or several while one takes the place of another.
 * @throws {TypeError} for a secret that cannot be one.
 *
 * @example
 * ```ts
 * if (!verifyWebhook(request.headers, body, secret)) response.writeHead(401).end();
 * ```
 */
export function verifyWebhook(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: Uint8Array | string,
  secret: WebhookSecret,
  { tolerance = 300, now = Date.now() }: VerifyOptions = {},
): boolean {
  const keys = keysOf(secret);
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const signed = headers['webhook-signature'];
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signed !== 'string') return false;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > tolerance) return false;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const right = keys.map((key) => sign(key, id, timestamp, bytes));
  const given = signed.split(' ').flatMap((one) => {
    const [version, base64 = ''] = one.split(',');
    return version === 'v1' ? [Buffer.from(base64, 'base64')] : [];
  });
  return given.some((one) =>
    right.some((other) => one.length === other.length && timingSafeEqual(one, other)),
  );
}

function keysOf(secret: WebhookSecret): readonly Buffer[] {
  try {
    return signingKeys(checkSecret(secret));
  } catch (error) {
    if (!(error instanceof BadSecret)) throw error;
    throw new TypeError(`the secret cannot be used: ${error.message}`);
  }
}
