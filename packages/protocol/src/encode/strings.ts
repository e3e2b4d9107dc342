import { EncodeError } from '../encode-error.ts';

declare const TextEncoder: new () => {
  encodeInto(text: string, target: Uint8Array): { written: number };
};

const utf8 = new TextEncoder();

/** Up to this length a loop over the characters is faster than a regular expression: 5 ns each, or 50 ns flat. */
const shortToCheck = 10;

/**
 * Up to this length a loop over the characters is faster than encodeInto on a subarray: 4 ns each, or 180 ns flat.
 * For a target that V8 keeps on its heap (64 bytes at most) the call moves it off the heap, for 250 ns more.
 */
const shortToWrite = 64;

const notPlainAscii = /[^\u0001-\u007f]/;

/**
 * How many bytes the string takes in UTF-8.
 *
 * @throws EncodeError if MQTT cannot carry it: a lone surrogate, U+0000, or more than 65535 bytes.
 */
export function utf8Length(text: string, field: string): number {
  if (typeof text !== 'string') throw new EncodeError(field, 'must be a string');
  const isPlain = text.length > shortToCheck ? !notPlainAscii.test(text) : isShortPlainAscii(text);
  const length = isPlain ? text.length : measure(text, field);
  if (length > 0xffff) throw new EncodeError(field, `takes ${length} bytes, and a string has at most 65535`);
  return length;
}

function isShortPlainAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0 || code >= 0x80) return false;
  }
  return true;
}

function measure(text: string, field: string): number {
  // [MQTT-1.5.4-1] [MQTT-1.5.4-2]
  if (text.includes('\u0000')) throw new EncodeError(field, 'has U+0000');
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point >= 0xd800 && point <= 0xdfff) throw new EncodeError(field, 'has half a surrogate pair');
    length += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Writes a string that `utf8Length` has passed. @returns the offset behind it. */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  if (text.length > shortToWrite || !writeShortAscii(text, target, offset)) {
    return offset + utf8.encodeInto(text, target.subarray(offset)).written;
  }
  return offset + text.length;
}

function writeShortAscii(text: string, target: Uint8Array, offset: number): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return false;
    target[offset + index] = code;
  }
  return true;
}
