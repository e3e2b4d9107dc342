import { inspect } from 'node:util';
import { ListenerError } from './errors.ts';

/** Throws the error for a bad option: its key, its value, what would be right. */
export function refuseOption(key: string, value: unknown, right: string): never {
  const shown = inspect(value, { depth: 0, maxStringLength: 80, breakLength: Number.POSITIVE_INFINITY });
  throw new ListenerError('LISTENER_OPTION_INVALID', `${key} is ${shown}: give ${right}`);
}

/** A misspelt key would otherwise be an option that silently does nothing. */
export function checkKeys(options: unknown, prefix: string, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    refuseOption(prefix || 'options', options, 'an object');
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) {
      throw new ListenerError(
        'LISTENER_OPTION_INVALID',
        `${joined(prefix, key)} is not an option: the options here are ${known.join(', ')}`,
      );
    }
  }
}

export function joined(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}.${key}`;
}

export function wholeNumber(
  key: string,
  value: unknown,
  fallback: number,
  least: number,
  most: number,
): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return refuseOption(key, value, `a whole number from ${least} to ${most}`);
}

export function flag(key: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  return typeof value === 'boolean' ? value : refuseOption(key, value, 'true or false');
}

export function oneOf<T extends string>(key: string, value: unknown, fallback: T, allowed: readonly T[]): T {
  if (value === undefined) return fallback;
  return (
    allowed.find((choice) => choice === value) ??
    refuseOption(key, value, allowed.map((choice) => `'${choice}'`).join(' or '))
  );
}

/** A function that is told; without one the default is told. */
export function callback<T>(key: string, value: T | undefined, fallback: T): T {
  if (value === undefined) return fallback;
  return typeof value === 'function' ? value : refuseOption(key, value, 'a function');
}

export function listOfStrings(key: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  return refuseOption(key, value, 'a list of strings');
}
