import { createHmac, randomBytes } from 'node:crypto';
import { messageOf } from '@carillon/hooks/checks';
import { replaceHash } from './change-users.ts';
import type { PasswordFile } from './password-file.ts';
import type { PasswordFindOptions } from './password-options.ts';
import type { FileUser } from './read-users.ts';
import { parseHash, type ScryptCost, type StoredHash } from './stored-hash.ts';

/** Where users come from. */
export interface UserSource {
  /** The hash of a user, as text and as it was read; `undefined` for who is not known. */
  find(name: string): Promise<KnownHash | undefined> | KnownHash | undefined;
  /** Puts a stronger hash in the place of the one that was found; absent where hashes cannot be changed. */
  replace?(name: string, from: string, to: string): Promise<void>;
  /** A hash to try in vain for who is not known, so that this takes as long as for somebody who is. */
  standIn(name: string): StoredHash;
}

/** A hash as it stands behind a name. */
export interface KnownHash {
  readonly text: string;
  readonly stored: StoredHash;
}

/** Hashes that somebody was born with. */
export class FixedUsers implements UserSource {
  readonly #hashes = new Map<string, KnownHash>();
  readonly #stored: readonly StoredHash[];
  readonly #standIns: StandIns;

  /** @throws TypeError naming the user whose hash cannot be read. */
  constructor(users: Iterable<readonly [string, string]>, cost: ScryptCost) {
    for (const [name, text] of users)
      this.#hashes.set(name, known(text, `the hash of user ${JSON.stringify(name)}`));
    this.#stored = [...this.#hashes.values()].map(({ stored }) => stored);
    this.#standIns = new StandIns(cost);
  }

  find(name: string): KnownHash | undefined {
    return this.#hashes.get(name);
  }

  standIn(name: string): StoredHash {
    return this.#standIns.pick(name, this.#stored);
  }
}

/** The users of a file. */
export class FileUsers implements UserSource {
  readonly #file: PasswordFile;
  readonly #standIns: StandIns;
  /** Those of which the hashes are in `#stored`. */
  #users: ReadonlyMap<string, FileUser> | undefined = undefined;
  #stored: readonly StoredHash[] = [];

  constructor(file: PasswordFile, cost: ScryptCost) {
    this.#file = file;
    this.#standIns = new StandIns(cost);
  }

  find(name: string): KnownHash | undefined {
    const { users } = this.#file;
    // For those who are known too: it takes its time, and must not tell them from the others.
    if (users !== this.#users) {
      this.#users = users;
      this.#stored = [...users.values()].flatMap(({ hash }) => (hash === undefined ? [] : [hash.stored]));
    }
    return users.get(name)?.hash;
  }

  replace(name: string, from: string, to: string): Promise<void> {
    return replaceHash(this.#file.path, name, from, to);
  }

  standIn(name: string): StoredHash {
    return this.#standIns.pick(name, this.#stored);
  }
}

/** Users of a store that is the host's own. */
export class FoundUsers implements UserSource {
  readonly #find: PasswordFindOptions['find'];
  readonly #standIns: StandIns;
  readonly replace?: (name: string, from: string, to: string) => Promise<void>;

  constructor({ find, upgraded }: Pick<PasswordFindOptions, 'find' | 'upgraded'>, cost: ScryptCost) {
    this.#find = find;
    this.#standIns = new StandIns(cost);
    if (upgraded !== undefined) this.replace = async (name, _from, to) => upgraded(name, to);
  }

  async find(name: string): Promise<KnownHash | undefined> {
    const text = await this.#find(name);
    return text === undefined ? undefined : known(text, 'the hash that find answered');
  }

  standIn(name: string): StoredHash {
    return this.#standIns.pick(name, []);
  }
}

function known(text: unknown, what: string): KnownHash {
  try {
    if (typeof text !== 'string') throw new TypeError('is no text');
    return { text, stored: parseHash(text) };
  } catch (error) {
    throw new TypeError(`${what} ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Hashes for those who are not known. A name gets that of some user, always the same one: its wrong passwords then
 * take as long as those of a user, and whoever measures many names sees the times of many users.
 */
class StandIns {
  readonly #key = randomBytes(32);
  readonly #dummy: StoredHash;

  constructor(cost: ScryptCost) {
    this.#dummy = { kind: 'scrypt', cost, salt: randomBytes(16), hash: randomBytes(32) };
  }

  pick(name: string, hashes: readonly StoredHash[]): StoredHash {
    // Also where there is nobody to choose from: it takes its time.
    const number = createHmac('sha256', this.#key).update(name).digest().readUInt32BE(0);
    return hashes[number % hashes.length] ?? this.#dummy;
  }
}
