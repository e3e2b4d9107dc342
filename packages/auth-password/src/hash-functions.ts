import { createHash, pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { ScryptCost, StoredHash } from './stored-hash.ts';

const runScrypt = promisify<Uint8Array, Uint8Array, number, object, Buffer>(scrypt);
const runPbkdf2 = promisify<Uint8Array, Uint8Array, number, number, string, Buffer>(pbkdf2);

/** Hashes a password as a stored one was hashed, off the event loop. */
export type HashFunction = (password: Uint8Array, stored: StoredHash) => Promise<boolean>;

/** Whether the password is the one that was stored. */
export async function isPasswordOf(password: Uint8Array, stored: StoredHash): Promise<boolean> {
  switch (stored.kind) {
    case 'scrypt':
      return same(await scryptOf(password, stored.salt, stored.hash.length, stored.cost), stored.hash);
    case 'pbkdf2-sha512':
      return same(
        await runPbkdf2(password, stored.salt, stored.iterations, stored.hash.length, 'sha512'),
        stored.hash,
      );
    case 'sha512':
      // One round: quicker here than the way to a thread and back.
      return same(createHash('sha512').update(password).update(stored.salt).digest(), stored.hash);
    case 'argon2id': {
      // Loaded only where a line asks for it.
      const { verify } = await import('@node-rs/argon2');
      return verify(stored.encoded, password);
    }
  }
}

export function scryptOf(
  password: Uint8Array,
  salt: Uint8Array,
  length: number,
  { N, r, p }: ScryptCost,
): Promise<Uint8Array> {
  // Node counts a little more than the 128·N·r bytes of the algorithm.
  return runScrypt(password, salt, length, { N, r, p, maxmem: 128 * r * (N + p + 2) + 1024 });
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
