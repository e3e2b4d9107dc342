import { fromBase64, toBase64 } from './base64.ts';

/** What scrypt costs: `N` (a power of two), `r` and `p` as in RFC 7914. It takes 128·N·r bytes of memory. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** A password as it is kept: one of the forms that can stand behind the name of a user. */
export type StoredHash =
  | ({ readonly kind: 'scrypt'; readonly cost: ScryptCost } & SaltAndHash)
  /** Mosquitto 1.x: SHA-512 of password and salt. */
  | ({ readonly kind: 'sha512' } & SaltAndHash)
  /** Mosquitto 2.x. */
  | ({ readonly kind: 'pbkdf2-sha512'; readonly iterations: number } & SaltAndHash)
  /** Mosquitto 2.1 and newer; the text says everything. */
  | { readonly kind: 'argon2id'; readonly encoded: string };

interface SaltAndHash {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** A hash that cannot be read, in words that do not show it. */
export class UnreadableHash extends Error {
  override readonly name = 'UnreadableHash';
}

// A line that asks for more would be a way to stop the broker with a text file.
const mostMemory = 1024 * 1024 * 1024;
const mostScryptWork = 2 ** 26;
const mostIterations = 100_000_000;
const mostArgonWork = 2 ** 24;

/**
 * Reads the text that stands behind a user's name.
 *
 * @throws {UnreadableHash} when it is in no known form, or asks for work without measure.
 */
export function parseHash(text: string): StoredHash {
  if (text.startsWith('$scrypt$')) return parseScrypt(text);
  if (text.startsWith('$6$')) return parseSha512(text);
  if (text.startsWith('$7$')) return parsePbkdf2(text);
  if (text.startsWith('$argon2id$')) return parseArgon2id(text);
  throw new UnreadableHash(
    'is in no known form: there are $scrypt$, $argon2id$, and $6$ and $7$ of Mosquitto; a plain password is not kept',
  );
}

/** `$scrypt$ln=15,r=8,p=1$salt$hash`, Base64 without padding: the PHC string format. */
export function formatScrypt({ N, r, p }: ScryptCost, salt: Uint8Array, hash: Uint8Array): string {
  return `$scrypt$ln=${Math.log2(N)},r=${r},p=${p}$${toBase64(salt)}$${toBase64(hash)}`;
}

function parseScrypt(text: string): StoredHash {
  const [, ln, r, p, salt, hash] =
    /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  if (hash === undefined) throw new UnreadableHash('is no $scrypt$ln=…,r=…,p=…$salt$hash');
  const cost = { N: 2 ** Number(ln), r: Number(r), p: Number(p) };
  const fault = scryptCostFault(cost);
  if (fault !== undefined) throw new UnreadableHash(fault);
  return { kind: 'scrypt', cost, ...saltAndHash(salt, hash, 16) };
}

/** Why scrypt cannot be run at that cost, in words that follow "the hash"; `undefined` when it can. */
export function scryptCostFault({ N, r, p }: ScryptCost): string | undefined {
  const isPossible = Number.isInteger(Math.log2(N)) && N > 1 && Number.isInteger(r) && Number.isInteger(p);
  if (!isPossible || r < 1 || p < 1)
    return 'has a cost that scrypt does not know: N is a power of two, r and p are at least 1';
  if (128 * N * r > mostMemory) return 'takes more than 1 GiB of memory';
  return N * r * p > mostScryptWork ? 'takes more work than a login can wait for' : undefined;
}

function parseSha512(text: string): StoredHash {
  const [, salt, hash] = /^\$6\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  if (hash === undefined) throw new UnreadableHash('is no $6$salt$hash');
  return { kind: 'sha512', ...saltAndHash(salt, hash, 64, 64) };
}

function parsePbkdf2(text: string): StoredHash {
  const [, rounds, salt, hash] = /^\$7\$(\d{1,10})\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  if (hash === undefined) throw new UnreadableHash('is no $7$iterations$salt$hash');
  const iterations = Number(rounds);
  if (iterations < 1 || iterations > mostIterations) {
    throw new UnreadableHash(`has a number of iterations that is not from 1 to ${mostIterations}`);
  }
  return { kind: 'pbkdf2-sha512', iterations, ...saltAndHash(salt, hash, 64, 64) };
}

function parseArgon2id(text: string): StoredHash {
  const [, m, t, p, salt, hash] =
    /^\$argon2id\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,3})\$([^$]+)\$([^$]+)$/.exec(text) ?? [];
  if (hash === undefined) throw new UnreadableHash('is no $argon2id$v=19$m=…,t=…,p=…$salt$hash');
  const kibibytes = Number(m);
  const isPossible = kibibytes >= 8 * Number(p) && Number(t) >= 1 && Number(p) >= 1 && Number(p) <= 255;
  if (!isPossible) throw new UnreadableHash('has a cost that Argon2 does not know');
  if (kibibytes * 1024 > mostMemory || kibibytes * Number(t) > mostArgonWork) {
    throw new UnreadableHash('takes more work than a login can wait for');
  }
  // Argon2 knows no shorter ones.
  const lengths = saltAndHash(salt, hash, 4);
  if (lengths.salt.length < 8) throw new UnreadableHash('has a salt of less than 8 bytes');
  return { kind: 'argon2id', encoded: text };
}

function saltAndHash(salt = '', hash = '', shortest: number, longest = 1024): SaltAndHash {
  const read = { salt: fromBase64(salt), hash: fromBase64(hash) };
  if (read.salt === undefined || read.hash === undefined) throw new UnreadableHash('is not in Base64');
  if (read.hash.length < shortest || read.hash.length > longest) {
    throw new UnreadableHash(`has ${read.hash.length} bytes, which is not its length`);
  }
  return { salt: read.salt, hash: read.hash };
}
