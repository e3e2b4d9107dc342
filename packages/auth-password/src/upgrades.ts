import type { WaitingLine } from '@carillon/hooks/bounded';
import { hashPassword } from './hash-password.ts';
import type { ScryptCost, StoredHash } from './stored-hash.ts';
import type { KnownHash, UserSource } from './user-source.ts';

/** Which hashes are replaced by stronger ones, when their password is at hand. */
export type UpgradePolicy = 'own' | 'all' | 'never';

/** Replaces weak hashes at the login of their users: only then is the password known. */
export class Upgrades {
  readonly #source: UserSource;
  readonly #policy: UpgradePolicy;
  readonly #cost: ScryptCost;
  readonly #line: WaitingLine;
  /** Users whose new hash is being made or written. */
  readonly #underWay = new Set<string>();
  /** The upgrades that somebody may wait for. */
  readonly #pending = new Set<Promise<void>>();
  /** A store that cannot be written would otherwise cost a hash at every login. */
  #hasFailed = false;
  readonly #failed: (error: unknown) => void;

  constructor(
    source: UserSource,
    settings: { upgrade: UpgradePolicy; cost: ScryptCost },
    line: WaitingLine,
    failed: (error: unknown) => void,
  ) {
    this.#failed = failed;
    this.#source = source;
    this.#policy = settings.upgrade;
    this.#cost = settings.cost;
    this.#line = line;
  }

  /** The password was right: is its hash worth a stronger one? The login does not wait for it. */
  consider(user: string, password: Uint8Array, known: KnownHash): void {
    if (this.#source.replace === undefined || this.#hasFailed || !this.#isWeak(known.stored)) return;
    // There is no hurry: the next login will do.
    if (this.#line.isBusy || this.#underWay.has(user)) return;
    this.#underWay.add(user);
    // The bytes belong to the connection, which goes on.
    const upgrade = this.#upgrade(user, password.slice(), known).catch((error: unknown) => {
      this.#hasFailed = true;
      this.#failed(error);
    });
    this.#pending.add(upgrade);
    void upgrade.finally(() => {
      this.#underWay.delete(user);
      this.#pending.delete(upgrade);
    });
  }

  /** What was begun comes to its end. */
  async end(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #upgrade(user: string, password: Uint8Array, { text }: KnownHash): Promise<void> {
    const hash = await this.#line.run(() => hashPassword(password, this.#cost));
    await this.#source.replace?.(user, text, hash);
  }

  #isWeak(stored: StoredHash): boolean {
    switch (stored.kind) {
      case 'scrypt':
        return this.#policy !== 'never' && isCheaper(stored.cost, this.#cost);
      case 'sha512':
      case 'pbkdf2-sha512':
        return this.#policy === 'all';
      case 'argon2id':
        return false;
    }
  }
}

/** Less memory, or less work. */
function isCheaper(one: ScryptCost, other: ScryptCost): boolean {
  return one.N * one.r < other.N * other.r || one.N * one.r * one.p < other.N * other.r * other.p;
}
