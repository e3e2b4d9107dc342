import { findTopicFilterFault, findTopicNameFault, type TopicFault } from '@carillon/topics';

/** What the protocol can carry; how many levels a broker lets a topic have is its own affair. */
const limits = { maximumBytes: 65_535, maximumLevels: Number.POSITIVE_INFINITY };

/** The fields of an object of an export, read with the doubt that a file deserves. */
export class JsonFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path = '') {
    if (!isObject(value)) throw new Error(`${path === '' ? 'the line' : path} has to be an object`);
    this.#fields = value;
    this.#path = path;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined;
  }

  /** No string of MQTT holds U+0000, or half a pair of surrogates. [MQTT-1.5.4-1] [MQTT-1.5.4-2] */
  text(name: string): string {
    const value = this.#fields[name];
    return isText(value) ? value : this.#fail(name, textForm);
  }

  /** The name of a topic. */
  topic(name: string): string {
    return this.#without(name, findTopicNameFault);
  }

  /** A topic filter, a shared one too. */
  filter(name: string): string {
    return this.#without(name, findTopicFilterFault);
  }

  number(name: string): number {
    const value = this.#fields[name];
    return isNumber(value) ? value : this.#fail(name, 'a whole number from 0 on');
  }

  numberWithin(name: string, lowest: number, highest: number): number {
    const value = this.#fields[name];
    if (isNumber(value) && value >= lowest && value <= highest) return value;
    return this.#fail(name, `a whole number from ${lowest} to ${highest}`);
  }

  flag(name: string): boolean {
    const value = this.#fields[name];
    return typeof value === 'boolean' ? value : this.#fail(name, 'true or false');
  }

  /** From base64. */
  bytes(name: string): Uint8Array {
    const text = this.text(name);
    if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) this.#fail(name, 'base64');
    return Uint8Array.from(Buffer.from(text, 'base64'));
  }

  oneOf<const T extends number | string>(name: string, choices: readonly T[]): T {
    const value = this.#fields[name];
    return choices.find((choice) => choice === value) ?? this.#fail(name, `one of ${choices.join(', ')}`);
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  optionalNumber(name: string): number | undefined {
    return this.has(name) ? this.number(name) : undefined;
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    return Array.isArray(value) ? value : this.#fail(name, 'a list');
  }

  numbersWithin(name: string, lowest: number, highest: number): readonly number[] {
    const isWithin = (value: unknown): value is number =>
      isNumber(value) && value >= lowest && value <= highest;
    return this.list(name).map((value) =>
      isWithin(value) ? value : this.#fail(name, `whole numbers from ${lowest} to ${highest}`),
    );
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value) =>
      isText(value) ? value : this.#fail(name, `a list of ${textForm}`),
    );
  }

  inner(name: string): JsonFields {
    return new JsonFields(this.#fields[name], this.#nameOf(name));
  }

  innerOfList(name: string): readonly JsonFields[] {
    return this.list(name).map((value, place) => new JsonFields(value, `${this.#nameOf(name)}[${place}]`));
  }

  #nameOf(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #without(name: string, findFault: (text: string, within: typeof limits) => TopicFault | undefined): string {
    const text = this.text(name);
    const fault = findFault(text, limits);
    if (fault === undefined) return text;
    throw new Error(`${this.#nameOf(name)}: ${fault.message.replace(/\.$/, '')}`);
  }

  #fail(name: string, expected: string): never {
    throw new Error(`${this.#nameOf(name)} has to be ${expected}`);
  }
}

const textForm = 'text without U+0000, in valid Unicode';

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0') && !/\p{Surrogate}/u.test(value);
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
