import type { QoS, UserProperty } from '@carillon/protocol';
import { findTopicFilterFault, findTopicNameFault } from '@carillon/topics';

/**
 * A plugin, or whatever it has its answers from, answered what cannot be; or an option cannot be. The message names the
 * field, what is wrong with it, and what would be right; it never shows text that was in it.
 */
export class ImpossibleValue extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImpossibleValue';
  }
}

/** Gives a field's value its type, or throws {@link ImpossibleValue}. What can change is copied. */
export type Check<T> = (value: unknown, field: string) => T;

/** One check for every field that an answer, or options, may have. */
export type FieldChecks<T> = { readonly [Field in keyof T]-?: Check<Exclude<T[Field], undefined>> };

/**
 * Reads an answer that is an object: each field is read once and checked, and a field that does not exist is
 * an error, since a mistyped `permissions` would otherwise let everybody do everything.
 *
 * @param path names the object where it is part of another one
 */
export function readFields<T extends object>(
  answer: unknown,
  checks: FieldChecks<T>,
  path: string | undefined = undefined,
): Partial<T> {
  if (!isObject(answer)) return refuse(path ?? 'the answer', answer, `an object with ${listFields(checks)}`);
  refuseUnknownFields(answer, checks, path);
  const fields: Partial<T> = {};
  for (const field in checks) {
    const value = answer[field];
    if (value !== undefined) fields[field] = checks[field](value, nameField(field, path));
  }
  return fields;
}

/** An object within an answer. */
export function inner<T extends object>(checks: FieldChecks<T>): Check<Partial<T>> {
  return (value, field) => readFields(value, checks, field);
}

function refuseUnknownFields(given: object, checks: object, path: string | undefined): void {
  const unknown = Object.keys(given).find((field) => !Object.hasOwn(checks, field));
  if (unknown === undefined) return;
  throw new ImpossibleValue(`there is no ${nameField(unknown, path)}; there are ${listFields(checks)}.`);
}

function nameField(field: string, path: string | undefined): string {
  return path === undefined ? field : `${path}.${field}`;
}

function listFields(checks: object): string {
  return Object.keys(checks).join(', ');
}

/** Whether a value is an object with fields: no array, and not `null`. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names a value without showing it: it may be a password. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `the number ${value}`;
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** For checks of one's own: throws {@link ImpossibleValue} with what there is and what would be right. */
export function refuse(field: string, value: unknown, wanted: string): never {
  throw new ImpossibleValue(`${field} is ${describeValue(value)}; it must be ${wanted}.`);
}

/** Only this one value. */
export function exactly<const T extends boolean>(wanted: T): Check<T> {
  return (value, field) => (value === wanted ? wanted : refuse(field, value, String(wanted)));
}

/** One of a few texts. */
export function oneOf<const T extends string>(choices: readonly T[]): Check<T> {
  const wanted = choices.map((choice) => `'${choice}'`).join(' or ');
  return (value, field) => choices.find((choice) => choice === value) ?? refuse(field, value, wanted);
}

/**
 * A function.
 *
 * @typeParam F its type; what it takes and answers is taken on trust
 */
export function callback<F extends (...given: never[]) => unknown>(): Check<F> {
  return (value, field) => (isFunction<F>(value) ? value : refuse(field, value, 'a function'));
}

function isFunction<F>(value: unknown): value is F {
  return typeof value === 'function';
}

/** True or false. */
export function boolean(value: unknown, field: string): boolean {
  return typeof value === 'boolean' ? value : refuse(field, value, 'true or false');
}

/** 0, 1 or 2. */
export function qos(value: unknown, field: string): QoS {
  return value === 0 || value === 1 || value === 2 ? value : refuse(field, value, '0, 1 or 2');
}

/** 0 or 1. */
export function flag(value: unknown, field: string): 0 | 1 {
  return value === 0 || value === 1 ? value : refuse(field, value, '0 or 1');
}

/** A whole number of the protocol, both bounds included. */
export function integer(minimum: number, maximum: number): Check<number> {
  return (value, field) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) {
      return value;
    }
    return refuse(field, value, `a whole number from ${minimum} to ${maximum}`);
  };
}

/** A limit of the broker's own: a whole number, or Infinity for none. */
export function limit(value: unknown, field: string): number {
  if (value === Number.POSITIVE_INFINITY) return value;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse(field, value, 'a whole number, not negative, or Infinity');
}

/** Milliseconds since 1970. */
export function instant(value: unknown, field: string): number {
  return typeof value === 'number' && Number.isFinite(value)
    ? value
    : refuse(field, value, 'a number of milliseconds since 1970');
}

/** A `Uint8Array`. */
export function bytes(value: unknown, field: string): Uint8Array {
  return value instanceof Uint8Array ? value : refuse(field, value, 'a Uint8Array');
}

/** What a length of two bytes can announce. */
const longestField = 65_535;

/** Binary data as packets carry it. */
export function binaryData(value: unknown, field: string): Uint8Array {
  const data = bytes(value, field);
  if (data.length <= longestField) return data;
  throw new ImpossibleValue(`${field} has ${data.length} bytes; at most ${longestField} are possible.`);
}

/** Text that a packet can carry. [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
export function text(value: unknown, field: string): string {
  if (typeof value !== 'string') return refuse(field, value, 'a string');
  if (value.includes('\0')) throw new ImpossibleValue(`${field} has the character U+0000.`);
  if (/\p{Surrogate}/u.test(value)) throw new ImpossibleValue(`${field} has half a surrogate pair.`);
  if (utf8Length(value) <= longestField) return value;
  throw new ImpossibleValue(`${field} has more than ${longestField} bytes of UTF-8.`);
}

function utf8Length(value: string): number {
  // No code unit takes more than three bytes.
  if (value.length * 3 <= longestField) return value.length;
  let length = 0;
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return length;
}

/** Text that a packet can carry, and not none. */
export function nonEmptyText(value: unknown, field: string): string {
  const checked = text(value, field);
  if (checked !== '') return checked;
  throw new ImpossibleValue(`${field} is empty.`);
}

/** A copy that cannot change: it is kept for as long as its session. */
export function nonEmptyTexts(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value)) return refuse(field, value, 'an array of strings');
  return Object.freeze(value.map((item: unknown, index) => nonEmptyText(item, `${field}[${index}]`)));
}

/** Pairs of name and value, as a list. */
export function userProperties(value: unknown, field: string): readonly UserProperty[] {
  if (!Array.isArray(value)) return refuse(field, value, 'an array of [name, value]');
  return value.map((pair: unknown): UserProperty => {
    if (!Array.isArray(pair) || pair.length !== 2) return refuse(field, value, 'an array of [name, value]');
    const [name, content]: readonly unknown[] = pair;
    return [text(name, `a name in ${field}`), text(content, `a value in ${field}`)];
  });
}

/** How deep a topic may be is the engine's to say: it knows its limits. */
const anyDepth = { maximumBytes: longestField, maximumLevels: Number.POSITIVE_INFINITY };

/** A topic without wildcards. */
export function topicName(value: unknown, field: string): string {
  if (typeof value !== 'string') return refuse(field, value, 'a string');
  const fault = findTopicNameFault(value, anyDepth);
  if (fault === undefined) return value;
  throw new ImpossibleValue(`${field} is no topic name: ${fault.message}`);
}

/** A filter without `$share/…`. */
export function plainFilter(value: unknown, field: string): string {
  if (typeof value !== 'string') return refuse(field, value, 'a string');
  if (value.startsWith('$share/')) {
    throw new ImpossibleValue(
      `${field} begins with "$share/"; only the filter after the group belongs here.`,
    );
  }
  const fault = findTopicFilterFault(value, anyDepth);
  if (fault === undefined) return value;
  throw new ImpossibleValue(`${field} is no topic filter: ${fault.message}`);
}

/** A list of filters without `$share/…`. */
export function plainFilters(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value)) return refuse(field, value, 'an array of topic filters');
  return value.map((filter: unknown, index) => plainFilter(filter, `${field}[${index}]`));
}

/** The beginning of topic names: empty, or whole levels, for a wildcard has to be a level of its own. */
export function topicPrefix(value: unknown, field: string): string {
  if (value === '') return value;
  const prefix = topicName(value, field);
  if (!prefix.endsWith('/')) throw new ImpossibleValue(`${field} has to end with "/".`);
  // A name that was to stand there is missing: all who lack it would meet in one place.
  if (prefix === '/' || prefix.includes('//')) throw new ImpossibleValue(`${field} has an empty level.`);
  const own = ['$SYS/', '$carillon/', '$share/'].find((taken) => prefix.startsWith(taken));
  if (own !== undefined)
    throw new ImpossibleValue(`${field} begins with "${own}", which is the broker's own.`);
  return prefix;
}
