import { type Copies, eachItsOwn } from './copies.ts';

/** Reads the fields of a record with the doubt that bytes from a disk deserve: throws an `Error` that says what is wrong. */
export class RecordReader {
  readonly #bytes: Buffer;
  readonly #copies: Copies;
  #at = 0;

  /** @param copies Where copies of bytes are made: readers of many records have slabs for them. */
  constructor(record: Uint8Array, copies: Copies = eachItsOwn) {
    this.#copies = copies;
    this.#bytes = Buffer.isBuffer(record)
      ? record
      : Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  }

  /** Where the next field begins. */
  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw endsEarly();
    this.#at++;
    return value;
  }

  whole(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new Error('the record has a number that is too large');
  }

  number(): number {
    const start = this.#skip(8);
    return this.#bytes.readDoubleLE(start);
  }

  text(): string {
    const length = this.whole();
    const start = this.#skip(length);
    return this.#bytes.toString('utf8', start, this.#at);
  }

  /** Whether the next field is the same as that from `start` to `end`; then it is stepped over. */
  repeats(start: number, end: number): boolean {
    const length = end - start;
    if (this.#at + length > this.#bytes.length) return false;
    for (let i = 0; i < length; i++) {
      if (this.#bytes[start + i] !== this.#bytes[this.#at + i]) return false;
    }
    this.#at += length;
    return true;
  }

  /** A copy: what the database handed out may share memory with other records. */
  bytes(): Uint8Array {
    const length = this.whole();
    const start = this.#skip(length);
    return this.#copies.copyOf(this.#bytes, start, length);
  }

  oneOf<const T extends number>(choices: readonly T[]): T {
    const value = this.byte();
    const choice = choices.find((known) => known === value);
    if (choice === undefined) throw new Error(`the record has ${value} where one of ${choices} has to be`);
    return choice;
  }

  /** Nothing may follow. */
  end(): void {
    if (!this.isAtEnd) throw new Error('the record goes on after its last field');
  }

  #skip(length: number): number {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw endsEarly();
    this.#at += length;
    return start;
  }
}

function endsEarly(): Error {
  return new Error('the record ends in the middle of a field');
}
