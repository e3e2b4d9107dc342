import { fromBase64 } from './base64.ts';
import { UnreadableHash } from './stored-hash.ts';

/** The methods of enhanced authentication whose keys a file can have. */
export type ScramMethod = 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

/** What a server keeps of a password for SCRAM (RFC 5802): nobody can log in with it. */
export interface ScramCredentials {
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

const keyLengths: Readonly<Record<ScramMethod, number>> = { 'SCRAM-SHA-256': 32, 'SCRAM-SHA-512': 64 };

/** `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`, as PostgreSQL writes it too. */
export function formatScram(method: ScramMethod, credentials: ScramCredentials): string {
  const { iterations, salt, storedKey, serverKey } = credentials;
  const [saltText, stored, server] = [salt, storedKey, serverKey].map((bytes) =>
    Buffer.from(bytes).toString('base64'),
  );
  return `${method}$${iterations}:${saltText}$${stored}:${server}`;
}

/** The method of a text that stands behind a user's name; `undefined` when it is no SCRAM line. */
export function scramMethodOf(text: string): ScramMethod | undefined {
  if (text.startsWith('SCRAM-SHA-256$')) return 'SCRAM-SHA-256';
  return text.startsWith('SCRAM-SHA-512$') ? 'SCRAM-SHA-512' : undefined;
}

/** @throws {UnreadableHash} */
export function parseScram(method: ScramMethod, text: string): ScramCredentials {
  const [, rounds, ...parts] = /^[^$]+\$(\d{1,9}):([^:$]+)\$([^:$]+):([^:$]+)$/.exec(text) ?? [];
  const [salt, storedKey, serverKey] = parts.map(fromBase64);
  const iterations = Number(rounds);
  if (salt === undefined || storedKey === undefined || serverKey === undefined || !(iterations >= 1)) {
    throw new UnreadableHash(`is no ${method}$iterations:salt$StoredKey:ServerKey`);
  }
  const length = keyLengths[method];
  if (storedKey.length !== length || serverKey.length !== length) {
    throw new UnreadableHash(`has keys that are not of ${length} bytes`);
  }
  return { salt, iterations, storedKey, serverKey };
}
