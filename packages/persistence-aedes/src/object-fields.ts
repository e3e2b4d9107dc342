/** The fields of an object from the outside, read with the doubt that it deserves. */
export class ObjectFields {
  readonly #fields: Readonly<Record<string, unknown>>;

  /** @throws Error when it is no object. */
  constructor(value: unknown) {
    if (!isRecord(value)) throw new Error('the record is no object');
    this.#fields = value;
  }

  /** @throws Error when the text is no JSON or no object. */
  static parse(text: string): ObjectFields {
    return new ObjectFields(JSON.parse(text));
  }

  /** Everything, as it came. */
  get all(): Readonly<Record<string, unknown>> {
    return this.#fields;
  }

  get(name: string): unknown {
    return this.#fields[name];
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  text(name: string): string {
    const value = this.#fields[name];
    return typeof value === 'string' ? value : this.#fail(name, 'text');
  }

  number(name: string): number {
    const value = this.#fields[name];
    return typeof value === 'number' ? value : this.#fail(name, 'a number');
  }

  oneOf<const T extends string | number>(name: string, choices: readonly T[]): T {
    const value = this.#fields[name];
    return choices.find((choice) => choice === value) ?? this.#fail(name, `one of ${choices.join(', ')}`);
  }

  list(name: string): readonly unknown[] {
    const value = this.#fields[name];
    return Array.isArray(value) ? value : this.#fail(name, 'a list');
  }

  numbers(name: string): readonly number[] {
    return this.list(name).map((value) => (typeof value === 'number' ? value : this.#fail(name, 'numbers')));
  }

  texts(name: string): readonly string[] {
    return this.list(name).map((value) => (typeof value === 'string' ? value : this.#fail(name, 'texts')));
  }

  inner(name: string): ObjectFields {
    return this.has(name) ? new ObjectFields(this.#fields[name]) : this.#fail(name, 'an object');
  }

  /** True for what JavaScript takes for true: Aedes writes flags as 0 and 1, too. */
  flag(name: string): boolean {
    return Boolean(this.#fields[name]);
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  optionalNumber(name: string): number | undefined {
    return this.has(name) ? this.number(name) : undefined;
  }

  #fail(name: string, expected: string): never {
    throw new Error(`field "${name}" of the record has to be ${expected}`);
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
