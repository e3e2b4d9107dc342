/** The fields of a stored record, read with the doubt that bytes from a disk deserve. */
export class Fields {
  readonly #fields: readonly unknown[];

  constructor(record: unknown) {
    if (!Array.isArray(record)) throw new Error('the record is no list of fields');
    this.#fields = record;
  }

  text(place: number): string {
    const value = this.#fields[place];
    return typeof value === 'string' ? value : this.#fail(place, 'text');
  }

  number(place: number): number {
    const value = this.#fields[place];
    return typeof value === 'number' ? value : this.#fail(place, 'a number');
  }

  flag(place: number): boolean {
    const value = this.#fields[place];
    return typeof value === 'boolean' ? value : this.#fail(place, 'true or false');
  }

  /** A copy: what the database handed out may share memory with other records. */
  bytes(place: number): Uint8Array {
    const value = this.#fields[place];
    return value instanceof Uint8Array ? Uint8Array.prototype.slice.call(value) : this.#fail(place, 'bytes');
  }

  list(place: number): readonly unknown[] {
    const value = this.#fields[place];
    return Array.isArray(value) ? value : this.#fail(place, 'a list');
  }

  numbers(place: number): readonly number[] {
    return this.list(place).map((value) =>
      typeof value === 'number' ? value : this.#fail(place, 'numbers'),
    );
  }

  texts(place: number): readonly string[] {
    return this.list(place).map((value) => (typeof value === 'string' ? value : this.#fail(place, 'texts')));
  }

  inner(place: number): Fields {
    return new Fields(this.list(place));
  }

  oneOf<const T extends number>(place: number, choices: readonly T[]): T {
    const value = this.number(place);
    return choices.find((choice) => choice === value) ?? this.#fail(place, `one of ${choices.join(', ')}`);
  }

  optionalText(place: number): string | undefined {
    return this.isNothing(place) ? undefined : this.text(place);
  }

  optionalNumber(place: number): number | undefined {
    return this.isNothing(place) ? undefined : this.number(place);
  }

  isNothing(place: number): boolean {
    return this.#fields[place] === null || this.#fields[place] === undefined;
  }

  isNumber(place: number): boolean {
    return typeof this.#fields[place] === 'number';
  }

  #fail(place: number, expected: string): never {
    throw new Error(`field ${place} of the record has to be ${expected}`);
  }
}
