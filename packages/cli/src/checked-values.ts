import { nearNames } from '@carillon/broker';
import { CommandError } from './command-error.ts';

/** What a file has where an object belongs. */
export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : refuse(path, value, 'a list');
}

export function optionalObject(keys: object, value: unknown, path: string): Fields {
  return value === undefined ? {} : objectWith(keys, value, path);
}

/** A misspelt key would otherwise be an option that silently does nothing. */
export function objectWith(keys: object, value: unknown, path: string): Fields {
  if (!isObject(value)) return refuse(path === '' ? 'the configuration' : path, value, 'an object');
  const known = Object.keys(keys);
  for (const [key, setting] of Object.entries(value)) {
    if (known.includes(key)) continue;
    const near = nearNames(key, known);
    const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.join(', ')}`;
    throw new CommandError(
      `${path === '' ? key : `${path}.${key}`} (${shown(setting)}) is not an option: ${hint}`,
    );
  }
  return value;
}

/** @throws {CommandError} naming the key, its value and what would be right. */
export function refuse(path: string, value: unknown, right: string): never {
  throw new CommandError(`${path} is ${shown(value)}: give ${right}`);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
