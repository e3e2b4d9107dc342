import {
  callback,
  type FieldChecks,
  isObject,
  nonEmptyText,
  oneOf,
  readOptions,
  refuse,
} from '@carillon/hooks/checks';
import type { Durability } from '@carillon/persistence';
import type { AnyLevel } from './database.ts';
import type { DamagedRecord } from './set-aside.ts';

/** Where the store lives: in a folder, or in a database of the host's own. */
export type LevelPersistenceOptions = {
  /**
   * Told of every record that could not be read and was set aside. Its key is the name of a file where one of
   * LevelDB's own files is damaged; that is kept as it was in the folder `damaged`.
   */
  readonly damaged?: (record: DamagedRecord) => void;
} & (
  | {
      /** The folder; made when it is not there. */
      readonly location: string;
    }
  | {
      /** Any abstract-level database, not yet opened or open; it is closed with the broker. */
      readonly database: AnyLevel;
      /**
       * What the database promises when a write with `sync` has resolved. Default: `synced` for databases that
       * say they are permanent, `memory` for the others.
       */
      readonly durability?: Durability;
    }
);

/** @throws {TypeError} for options that cannot be, or that are not of the place they are given with. */
export function checkOptions(options: LevelPersistenceOptions): void {
  const { location, database } = namesDatabase(options)
    ? { location: undefined, ...readOptions(options, databaseChecks, optionError) }
    : { database: undefined, ...readOptions(options, folderChecks, optionError) };
  if (location === undefined && database === undefined) {
    throw optionError('location is missing: the path of a folder, or database, an abstract-level database.');
  }
}

function namesDatabase(options: unknown): boolean {
  return typeof options === 'object' && options !== null && 'database' in options;
}

type Told = (record: DamagedRecord) => void;

const damaged = callback<Told>();

const folderChecks: FieldChecks<{ location: string; damaged: Told }> = {
  location: nonEmptyText,
  damaged,
};

const databaseChecks: FieldChecks<{ database: object; durability: Durability; damaged: Told }> = {
  database: (value, field) =>
    isObject(value) && 'supports' in value ? value : refuse(field, value, 'an abstract-level database'),
  durability: oneOf(['memory', 'written', 'synced']),
  damaged,
};

function optionError(wrong: string): TypeError {
  return new TypeError(`levelPersistence: ${wrong}`);
}
