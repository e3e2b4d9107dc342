import type { Plugin } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { optionalObject } from '../checked-values.ts';
import { CommandError } from '../command-error.ts';
import type { Flags } from '../flags.ts';
import { readOptions, refuseMissing, showOptions } from '../option-forms.ts';
import type { AuthEntry, AuthSurroundings } from './auth-entry.ts';
import { type AuthConfiguration, type AuthPackages, authTable } from './auth-table.ts';

type AuthKey = keyof AuthPackages;

/** A package that the configuration asks for, its options complete. */
export interface SettledAuth {
  readonly key: AuthKey;
  readonly kind: AuthEntry<object>['kind'];
  /** Its options for `--check`, without secrets. */
  readonly shown: unknown;
  /** @throws {CommandError} naming the key, when something is wrong with the options or their files. */
  make(surroundings: AuthSurroundings): Promise<Plugin>;
}

const places: readonly AuthEntry<object>['kind'][] = ['guard', 'authenticates', 'authorizes'];

/**
 * Checks the form of `auth` in a file.
 *
 * @throws {CommandError} for a key or option that is none, and for values that cannot be.
 */
export function checkAuth(auth: unknown): void {
  const given = optionalObject(authTable, auth, 'auth');
  for (const key of keysOf(given)) checkKey(key, given[key]);
}

function checkKey<Key extends AuthKey>(key: Key, value: unknown): void {
  const { forms }: AuthEntry<AuthPackages[Key]> = authTable[key];
  if (value !== undefined) readOptions(forms, value, { path: `auth.${key}`, folder: '' });
}

/**
 * What is asked for by file and flags, in the order in which it is registered.
 *
 * @param folder Where relative file names of the file start.
 * @throws {CommandError} as {@link checkAuth}, and for a required option that neither names.
 */
export function settleAuth(
  auth: AuthConfiguration | undefined,
  flags: Flags,
  folder: string,
): readonly SettledAuth[] {
  const given = optionalObject(authTable, auth, 'auth');
  const inOrder = [...keysOf(given), ...keysOf(authTable).filter((key) => given[key] === undefined)];
  const settled = inOrder.flatMap((key) => settleKey(key, given[key], flags, folder) ?? []);
  return places.flatMap((place) => settled.filter(({ kind }) => kind === place));
}

/** Of an object that has no other keys; in its own order. */
function keysOf(given: object): readonly AuthKey[] {
  const known: readonly string[] = Object.keys(authTable);
  return Object.keys(given).filter((key): key is AuthKey => known.includes(key));
}

function settleKey<Key extends AuthKey>(
  key: Key,
  value: unknown,
  flags: Flags,
  folder: string,
): SettledAuth | undefined {
  const entry: AuthEntry<AuthPackages[Key]> = authTable[key];
  return settleEntry(key, entry, value, flags, folder);
}

function settleEntry<Options extends object>(
  key: AuthKey,
  entry: AuthEntry<Options>,
  value: unknown,
  flags: Flags,
  folder: string,
): SettledAuth | undefined {
  const { forms, kind } = entry;
  const path = `auth.${key}`;
  const ofFlags = entry.ofFlags?.(flags) ?? {};
  if (value === undefined && Object.keys(ofFlags).length === 0) return undefined;
  const ofFile = value === undefined ? {} : readOptions(forms, value, { path, folder });
  const options: Partial<Options> = { ...ofFile, ...ofFlags };
  refuseMissing(forms, options, path);
  return {
    key,
    kind,
    shown: showOptions(forms, options),
    async make(surroundings) {
      try {
        return await entry.make(options, surroundings);
      } catch (error) {
        throw new CommandError(`${path}: ${messageOf(error)}`, 1, error);
      }
    },
  };
}
