import type { Logger } from '@carillon/hooks';
import {
  boolean,
  type Check,
  type FieldChecks,
  isObject,
  nonEmptyText,
  oneOf,
  readOptions,
  refuse,
} from '@carillon/hooks/checks';
import type { Durability } from '@carillon/persistence';

/** What a backend does not tell of itself. */
export interface AedesStoreOptions {
  /** Names the store in logs and errors. Default: `aedes:` and the class of the instance. */
  readonly name?: string;
  /**
   * What the backend promises when a write has resolved: no call of the interface asks for more. Default:
   * `memory` for aedes-persistence's own instance in memory, `written` for all others. Say `synced` only for a
   * backend that flushes by itself, such as aedes-persistence-level on an `orderedLevel` with `sync`.
   */
  readonly durability?: Durability;
  /**
   * Client ids whose sessions Aedes may have written, to be taken over: the interface cannot list them. For a
   * LevelDB folder see `aedesClientIds`; for Redis, the members of `clients`. Default: none.
   */
  readonly adopt?: Iterable<string> | AsyncIterable<string>;
  /** Whether `close` closes the instance, too. Default: true; false for the instance in memory. */
  readonly destroyOnClose?: boolean;
  /**
   * Told once what the backend cannot promise, and of every record that could not be read. Default: Node's
   * process warnings.
   */
  readonly logger?: Pick<Logger, 'warn'>;
  /** Milliseconds since 1970, for messages of Aedes, which do not say when they came. Default: `Date.now`. */
  readonly now?: () => number;
}

const adopt: Check<Iterable<string> | AsyncIterable<string>> = (value, field) =>
  isCollection(value) ? value : refuse(field, value, 'an iterable of client ids');

const logger: Check<Pick<Logger, 'warn'>> = (value, field) =>
  isLogger(value) ? value : refuse(field, value, 'an object with a function warn');

const clock: Check<() => number> = (value, field) =>
  isClock(value) ? value : refuse(field, value, 'a function that returns milliseconds since 1970');

const optionChecks: FieldChecks<AedesStoreOptions> = {
  name: nonEmptyText,
  durability: oneOf(['memory', 'written', 'synced']),
  adopt,
  destroyOnClose: boolean,
  logger,
  now: clock,
};

/** @throws TypeError that names the option, and what would be right. */
export function checkStoreOptions(options: AedesStoreOptions): AedesStoreOptions {
  return readOptions(options, optionChecks, (wrong) => new TypeError(`aedesPersistence: ${wrong}`));
}

/** A text is one as well, but its characters are no client ids. */
function isCollection(value: unknown): value is Iterable<string> | AsyncIterable<string> {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.iterator in value || Symbol.asyncIterator in value;
}

function isLogger(value: unknown): value is Pick<Logger, 'warn'> {
  if (!isObject(value)) return false;
  const { warn } = value;
  return typeof warn === 'function';
}

function isClock(value: unknown): value is () => number {
  return typeof value === 'function';
}
