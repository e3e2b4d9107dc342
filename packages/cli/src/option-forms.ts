import { resolve } from 'node:path';
import { objectWith, refuse } from './checked-values.ts';
import { CommandError } from './command-error.ts';

/** Where an option stands: its path, for messages, and the folder from which relative file names start. */
export interface OptionPlace {
  readonly path: string;
  readonly folder: string;
}

/** What an option of a file may be, how it is read and how `--check` shows it. */
export interface OptionForm<T> {
  /**
   * Checks the value, and makes file names absolute.
   *
   * @throws {CommandError} naming the path, the value and what would be right.
   */
  read(value: unknown, place: OptionPlace): T;
  /** What `--check` prints. */
  show(value: unknown): unknown;
}

/** The form of an option that cannot be left out. */
export interface RequiredForm<T> extends OptionForm<T> {
  /** What would be right, for who left it out. */
  readonly missing: string;
}

/** A form for each option there is: an option without one does not compile, and neither does a required one in `?`. */
export type OptionForms<Options> = {
  readonly [Key in keyof Options]-?: OptionForm<Exclude<Options[Key], undefined>> &
    (undefined extends Options[Key] ? unknown : Pick<RequiredForm<unknown>, 'missing'>);
};

/** Makes the form of an option that may be left out that of one that may not. */
export function required<T>(form: OptionForm<T>, missing: string): RequiredForm<T> {
  return { ...form, missing };
}

/**
 * Reads the options of an object; some may still be missing.
 *
 * @throws {CommandError} for what is no object, a key that is no option, and a value that cannot be.
 */
export function readOptions<Options extends object>(
  forms: OptionForms<Options>,
  value: unknown,
  { path, folder }: OptionPlace,
): Partial<Options> {
  const given = objectWith(forms, value, path);
  const options: Partial<Options> = {};
  for (const key in forms) {
    const form: OptionForm<Exclude<Options[typeof key], undefined>> = forms[key];
    const option = given[key];
    if (option !== undefined) options[key] = form.read(option, { path: `${path}.${key}`, folder });
  }
  return options;
}

/** @throws {CommandError} for a required option that is missing. */
export function refuseMissing<Options extends object>(
  forms: OptionForms<Options>,
  options: Partial<Options>,
  path: string,
): asserts options is Options {
  for (const key in forms) {
    const form: OptionForm<unknown> = forms[key];
    if ('missing' in form && options[key] === undefined) {
      throw new CommandError(`${path}.${key} is missing: give ${String(form.missing)}`);
    }
  }
}

/** The options as `--check` prints them. */
export function showOptions(forms: object, options: object): unknown {
  const byName = new Map<string, OptionForm<unknown>>(Object.entries(forms));
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, byName.get(key)?.show(value)]),
  );
}

/** An object within the options. */
export function fields<Options extends object>(forms: OptionForms<Options>): OptionForm<Options> {
  return {
    read: (value, place) => {
      const options = readOptions(forms, value, place);
      refuseMissing(forms, options, place.path);
      return options;
    },
    show: (value) => showOptions(forms, Object(value)),
  };
}

const asItIs = (value: unknown): unknown => value;

/** The name of a file, from the folder of the configuration file. */
export const fileName: OptionForm<string> = {
  read: (value, { path, folder }) => resolve(folder, nonEmptyText(value, path, 'the name of a file')),
  show: asItIs,
};

/** Any text but none. */
export const text: OptionForm<string> = {
  read: (value, { path }) => nonEmptyText(value, path, 'a text'),
  show: asItIs,
};

/** As {@link text}, and never printed. */
export const secretText: OptionForm<string> = {
  read: (value, { path }) => {
    if (typeof value === 'string' && value !== '') return value;
    // Not shown, whatever it is: it was to be a secret.
    return refuse(path, undefined, 'a text');
  },
  show: () => '(hidden)',
};

/** `true` or `false`. */
export const yesOrNo: OptionForm<boolean> = {
  read: (value, { path }) => (typeof value === 'boolean' ? value : refuse(path, value, 'true or false')),
  show: asItIs,
};

/** A whole number, both bounds included. */
export function wholeNumber(least: number, most: number): OptionForm<number> {
  return {
    read: (value, { path }) => {
      const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
      return fits ? value : refuse(path, value, `a whole number from ${least} to ${most}`);
    },
    show: asItIs,
  };
}

/** Any number of at least this. */
export function numberFrom(least: number): OptionForm<number> {
  return {
    read: (value, { path }) => {
      const fits = typeof value === 'number' && Number.isFinite(value) && value >= least;
      return fits ? value : refuse(path, value, `a number, ${least} or more`);
    },
    show: asItIs,
  };
}

/** `false` for "not at all", or such a value. */
export function falseOr<T>(form: OptionForm<T>): OptionForm<T | false> {
  return {
    read: (value, place) => (value === false ? false : form.read(value, place)),
    show: (value) => (value === false ? false : form.show(value)),
  };
}

/** One of these words. */
export function oneWordOf<const Word extends string>(...words: readonly Word[]): OptionForm<Word> {
  return {
    read: (value, { path }) => words.find((word) => word === value) ?? refuse(path, value, words.join(', ')),
    show: asItIs,
  };
}

/** A list of such values. */
export function listOfForm<T>(form: OptionForm<T>): OptionForm<readonly T[]> {
  return {
    read: (value, { path, folder }) => {
      if (!Array.isArray(value)) return refuse(path, value, 'a list');
      return value.map((item: unknown, place) => form.read(item, { path: `${path}[${place}]`, folder }));
    },
    show: (value) => (Array.isArray(value) ? value.map(form.show) : undefined),
  };
}

function nonEmptyText(value: unknown, path: string, right: string): string {
  return typeof value === 'string' && value !== '' ? value : refuse(path, value, right);
}
