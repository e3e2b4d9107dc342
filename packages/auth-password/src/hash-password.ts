import { randomBytes } from 'node:crypto';
import { scryptOf } from './hash-functions.ts';
import { formatScrypt, type ScryptCost, scryptCostFault } from './stored-hash.ts';

/** 32 MiB and about a tenth of a second of one core. */
export const defaultCost: ScryptCost = { N: 2 ** 15, r: 8, p: 1 };

/**
 * Hashes a password with scrypt and a new salt, off the event loop.
 *
 * @param cost Default `{ N: 32768, r: 8, p: 1 }`: 32 MiB and about a tenth of a second of one core.
 * @returns `$scrypt$ln=15,r=8,p=1$salt$hash`, for `users` and `find` of {@link passwordAuth}, or a line of a file.
 * @throws TypeError when the password is empty or has the character U+0000.
 * @throws RangeError when scrypt cannot be run at that cost.
 * @example
 * ```ts
 * const users = { alice: await hashPassword('tick-tock') };
 * broker.use(passwordAuth({ users }));
 * ```
 */
export async function hashPassword(
  password: string | Uint8Array,
  cost: ScryptCost = defaultCost,
): Promise<string> {
  const fault = scryptCostFault(cost);
  if (fault !== undefined) throw new RangeError(`a hash of that cost ${fault}`);
  const bytes = typeof password === 'string' ? Buffer.from(password) : password;
  if (bytes.length === 0) throw new TypeError('the password is empty');
  if (bytes.includes(0))
    throw new TypeError('the password has the character U+0000, which no hash can tell from none');
  const salt = randomBytes(16);
  return formatScrypt(cost, salt, await scryptOf(bytes, salt, 32, cost));
}
