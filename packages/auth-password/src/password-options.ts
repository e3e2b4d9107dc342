import {
  boolean,
  type Check,
  callback,
  type FieldChecks,
  ImpossibleValue,
  integer,
  isObject,
  nonEmptyText,
  oneOf,
  readFields,
  readOptions,
  refuse,
} from '@carillon/hooks/checks';
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

/** A file of users, and how it is taken. */
export interface PasswordFileSource {
  readonly kind: 'file';
  readonly path: string;
  readonly maximumFileSize: number;
  readonly scramOnly: boolean;
}

/** Where the users are, and what holds for their passwords. */
export interface PasswordOptions {
  readonly source:
    | PasswordFileSource
    | ({ readonly kind: 'users' } & Pick<PasswordUsersOptions, 'users'>)
    | ({ readonly kind: 'find' } & Pick<PasswordFindOptions, 'find' | 'upgraded'>);
  readonly name: string;
  readonly settings: SettledPasswordSettings;
}

type GivenOptions = Partial<PasswordFileOptions & PasswordUsersOptions & PasswordFindOptions>;

/** @throws TypeError naming the option, and what would be right. */
export function settlePasswordOptions(given: GivenOptions): PasswordOptions {
  const options = readOptions(given, optionChecks, optionError);
  return {
    source: sourceOf(options),
    name: options.name ?? 'auth-password',
    settings: {
      unknownUsers: options.unknownUsers ?? 'refuse',
      upgrade: options.upgrade ?? 'own',
      cost: options.cost ?? defaultCost,
      maximumParallel: options.maximumParallel ?? 2,
      maximumWaiting: options.maximumWaiting ?? 100,
    },
  };
}

function sourceOf(options: GivenOptions): PasswordOptions['source'] {
  const { file, users, find, upgraded, maximumFileSize = 16_777_216, scramOnly = false } = options;
  const given = (['file', 'users', 'find'] as const).filter((kind) => options[kind] !== undefined);
  const [kind] = given;
  if (given.length !== 1) throw optionError('give exactly one of file, users and find.');
  for (const [name, goesWith] of Object.entries(companions)) {
    if (name in options && kind !== goesWith) throw optionError(`${name} goes with ${goesWith} only.`);
  }
  if (file !== undefined) return { kind: 'file', path: file, maximumFileSize, scramOnly };
  if (find !== undefined) return { kind: 'find', find, ...(upgraded === undefined ? {} : { upgraded }) };
  return { kind: 'users', users: users ?? {} };
}

/** Options that mean nothing without another one. */
const companions = { maximumFileSize: 'file', upgrade: 'file', scramOnly: 'file', upgraded: 'find' };

const cost: Check<ScryptCost> = (value, field) => {
  const whole = integer(1, 2 ** 32 - 1);
  const missing = (name: string): never => refuse(`${field}.${name}`, undefined, 'a whole number');
  const given = readFields<ScryptCost>(value, { N: whole, r: whole, p: whole }, field);
  const { N = missing('N'), r = missing('r'), p = missing('p') } = given;
  const fault = scryptCostFault({ N, r, p });
  if (fault !== undefined) throw new ImpossibleValue(`${field}: a hash of that cost ${fault}.`);
  return { N, r, p };
};

/** Each hash is looked at when it is taken in. */
const users: Check<PasswordUsersOptions['users']> = (value, field) =>
  isTable(value) ? value : refuse(field, value, 'an object or a Map from name to hash');

function isTable(value: unknown): value is PasswordUsersOptions['users'] {
  return isObject(value);
}

const optionChecks: FieldChecks<GivenOptions> = {
  file: nonEmptyText,
  maximumFileSize: integer(1, 2 ** 30),
  upgrade: oneOf(['own', 'all', 'never']),
  scramOnly: boolean,
  users,
  find: callback(),
  upgraded: callback(),
  name: nonEmptyText,
  unknownUsers: oneOf(['refuse', 'pass']),
  cost,
  maximumParallel: integer(1, 128),
  maximumWaiting: integer(0, 100_000),
};

function optionError(wrong: string): TypeError {
  return new TypeError(`passwordAuth: ${wrong}`);
}
