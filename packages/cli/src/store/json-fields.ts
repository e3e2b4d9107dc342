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

  /** No string of MQTT holds U+0000. [MQTT-1.5.4-2] */
  text(name: string): string {
    const value = this.#fields[name];
    return isText(value) ? value : this.#fail(name, 'text without U+0000');
  }

  number(name: string): number {
    const value = this.#fields[name];
    return isNumber(value) ? value : this.#fail(name, 'a whole number from 0 on');
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

  numbers(name: string): readonly number[] {
    return this.list(name).map((value) => (isNumber(value) ? value : this.#fail(name, 'whole numbers')));
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value) => (isText(value) ? value : this.#fail(name, 'texts without U+0000')));
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

  #fail(name: string, expected: string): never {
    throw new Error(`${this.#nameOf(name)} has to be ${expected}`);
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
