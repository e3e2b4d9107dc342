import { EncodeError } from '../encode-error.ts';
import {
  largestVariableByteInteger,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '../variable-byte-integer.ts';

/** @throws EncodeError if no packet can be that long. */
export function fixedHeaderLength(remainingLength: number): number {
  if (remainingLength > largestVariableByteInteger) {
    throw new EncodeError(
      'packet',
      `has a Remaining Length of ${remainingLength}, and the largest is ${largestVariableByteInteger}`,
    );
  }
  return 1 + variableByteIntegerLength(remainingLength);
}

/** @returns the offset behind it. */
export function writeFixedHeader(
  target: Uint8Array,
  offset: number,
  firstByte: number,
  remainingLength: number,
): number {
  target[offset] = firstByte;
  return writeVariableByteInteger(remainingLength, target, offset + 1);
}
