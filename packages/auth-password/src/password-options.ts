import { defaultCost } from './hash-password.ts';
import { type ScryptCost, scryptCostFault } from './stored-hash.ts';
import type { UpgradePolicy } from './upgrades.ts';

/** What can be said of passwords wherever the users are. */
export interface PasswordAuthSettings {
  /** The name of the plugin. Default `auth-password`. */
  readonly name?: string;
  /**
   * What becomes of clients whose user name is not known: `refuse`, or `pass` them on to the plugins after this one.
   * Default `refuse`. Clients without user name or password are always passed on.
   */
  readonly unknownUsers?: 'refuse' | 'pass';
  /** What new hashes cost. Default `{ N: 32768, r: 8, p: 1 }`: 32 MiB and about a tenth of a second of one core. */
  readonly cost?: ScryptCost;
  /**
   * Passwords hashed at the same time. Default 2: hashing takes threads of Node's pool, of which there are four, and
   * files and databases need some as well.
   */
  readonly maximumParallel?: number;
  /** Logins that may wait for their turn; more are refused with 0x89 Server busy. Default 100. */
  readonly maximumWaiting?: number;
}

/** The users of a file. */
export interface PasswordFileOptions extends PasswordAuthSettings {
  /** Written by `carillon password set`, or by Mosquitto. */
  readonly file: string;
  /** Bytes of a file that is read. Default 16,777,216. */
  readonly maximumFileSize?: number;
  /**
   * Which hashes are replaced by ones of `cost` when their user logs in: `own` ones that cost less; `all` that are
   * weaker, those of Mosquitto too, which cannot read the file any more then; or `never`. Default `own`.
   */
  readonly upgrade?: UpgradePolicy;
  /** Takes no passwords, and only serves `scramCredentials`. Default false. */
  readonly scramOnly?: boolean;
}

/** Users that are handed in. */
export interface PasswordUsersOptions extends PasswordAuthSettings {
  /** By name the hash, as `hashPassword` makes it or as it stands in a file. */
  readonly users: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
}

/** The users of the host's own store. */
export interface PasswordFindOptions extends PasswordAuthSettings {
  /** The hash of a user, as `hashPassword` makes it; `undefined` for who is not known. */
  readonly find: (user: string) => Promise<string | undefined> | string | undefined;
  /** Keeps a stronger hash of a user whose hash costs less than `cost`, at his login. Default: it stays as it is. */
  readonly upgraded?: (user: string, hash: string) => Promise<void> | void;
}

/** The settings with every default in place. */
export interface SettledPasswordSettings {
  readonly unknownUsers: 'refuse' | 'pass';
  readonly upgrade: UpgradePolicy;
  readonly cost: ScryptCost;
  readonly maximumParallel: number;
  readonly maximumWaiting: number;
}

/** @throws TypeError or RangeError naming the option, its value and what would be right. */
export function settleSettings(
  options: PasswordAuthSettings & Pick<PasswordFileOptions, 'upgrade'>,
): SettledPasswordSettings {
  const { unknownUsers = 'refuse', upgrade = 'own', cost = defaultCost } = options;
  if (unknownUsers !== 'refuse' && unknownUsers !== 'pass') {
    throw new TypeError(`option unknownUsers is ${String(unknownUsers)}; it has to be 'refuse' or 'pass'`);
  }
  if (!['own', 'all', 'never'].includes(upgrade)) {
    throw new TypeError(`option upgrade is ${String(upgrade)}; it has to be 'own', 'all' or 'never'`);
  }
  const fault = scryptCostFault(cost);
  if (fault !== undefined) throw new RangeError(`option cost: a hash of that cost ${fault}`);
  return {
    unknownUsers,
    upgrade,
    cost,
    maximumParallel: whole(options.maximumParallel, 'maximumParallel', 2, 1, 128),
    maximumWaiting: whole(options.maximumWaiting, 'maximumWaiting', 100, 0, 100_000),
  };
}

/** A whole number in its bounds, or the default. */
export function whole(
  value: number | undefined,
  option: string,
  standard: number,
  least: number,
  most: number,
): number {
  const number = value ?? standard;
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new RangeError(`option ${option} is ${number}; it has to be a whole number from ${least} to ${most}`);
}
