import { EncodeError } from '../encode-error.ts';
import {
  largestVariableByteInteger,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '../variable-byte-integer.ts';
import { utf8Length, writeUtf8 } from './strings.ts';

/**
 * Where the fields of a packet go. A packet is described once, as calls on a sink, and run twice: into a `Measure`,
 * which checks every field and adds up the bytes, and into a `Writer`, which writes what was checked.
 */
export interface Sink {
  byte(value: number, field: string): void;
  twoBytes(value: number, field: string): void;
  fourBytes(value: number, field: string): void;
  variable(value: number, field: string): void;
  string(text: string, field: string): void;
  /** With its length in two bytes before it. */
  binary(bytes: Uint8Array, field: string): void;
  /** As it is. */
  bytes(bytes: Uint8Array, field: string): void;
  /** From here to `endSized` is one part with its length as a Variable Byte Integer before it. */
  beginSized(): void;
  endSized(): void;
}

/** Checks and counts. Remembers the sizes of the sized parts, in order, for the Writer. */
export class Measure implements Sink {
  length = 0;
  readonly sizes: number[] = [];
  #sizedFrom = 0;

  byte(value: number, field: string): void {
    checkWhole(value, 0xff, field);
    this.length += 1;
  }

  twoBytes(value: number, field: string): void {
    checkWhole(value, 0xffff, field);
    this.length += 2;
  }

  fourBytes(value: number, field: string): void {
    checkWhole(value, 0xffffffff, field);
    this.length += 4;
  }

  variable(value: number, field: string): void {
    checkWhole(value, largestVariableByteInteger, field);
    this.length += variableByteIntegerLength(value);
  }

  string(text: string, field: string): void {
    this.length += 2 + utf8Length(text, field);
  }

  binary(bytes: Uint8Array, field: string): void {
    checkBytes(bytes, field);
    if (bytes.length > 0xffff) {
      throw new EncodeError(field, `has ${bytes.length} bytes, and binary data has at most 65535`);
    }
    this.length += 2 + bytes.length;
  }

  bytes(bytes: Uint8Array, field: string): void {
    checkBytes(bytes, field);
    this.length += bytes.length;
  }

  beginSized(): void {
    this.#sizedFrom = this.length;
  }

  endSized(): void {
    const size = this.length - this.#sizedFrom;
    checkWhole(size, largestVariableByteInteger, 'properties');
    this.sizes.push(size);
    this.length += variableByteIntegerLength(size);
  }
}

function checkWhole(value: number, maximum: number, field: string): void {
  if (Number.isInteger(value) && value >= 0 && value <= maximum) return;
  throw new EncodeError(field, `must be a whole number from 0 to ${maximum}, not ${String(value)}`);
}

function checkBytes(bytes: Uint8Array, field: string): void {
  if (!(bytes instanceof Uint8Array)) throw new EncodeError(field, 'must be a Uint8Array');
}

/** Writes what a Measure has passed. */
export class Writer implements Sink {
  at: number;
  readonly #target: Uint8Array;
  readonly #sizes: readonly number[];
  #nextSize = 0;

  constructor(target: Uint8Array, offset: number, measure: Measure) {
    this.#target = target;
    this.at = offset;
    this.#sizes = measure.sizes;
  }

  byte(value: number): void {
    this.#target[this.at++] = value;
  }

  twoBytes(value: number): void {
    this.#target[this.at++] = value >>> 8;
    this.#target[this.at++] = value & 0xff;
  }

  fourBytes(value: number): void {
    this.twoBytes(value >>> 16);
    this.twoBytes(value & 0xffff);
  }

  variable(value: number): void {
    this.at = writeVariableByteInteger(value, this.#target, this.at);
  }

  string(text: string): void {
    const lengthAt = this.at;
    const end = writeUtf8(text, this.#target, lengthAt + 2);
    this.twoBytes(end - lengthAt - 2);
    this.at = end;
  }

  binary(bytes: Uint8Array): void {
    this.twoBytes(bytes.length);
    this.bytes(bytes);
  }

  bytes(bytes: Uint8Array): void {
    this.#target.set(bytes, this.at);
    this.at += bytes.length;
  }

  beginSized(): void {
    this.variable(this.#sizes[this.#nextSize++] ?? 0);
  }

  /** The size stands before the part already. */
  endSized(): void {}
}
