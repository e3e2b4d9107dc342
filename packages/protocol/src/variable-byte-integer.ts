/** The most that a Variable Byte Integer holds. */
export const largestVariableByteInteger = 0x0fffffff;

/** The bytes that a Variable Byte Integer takes in its shortest form, which is the only one allowed. [MQTT-1.5.5-1] */
export function variableByteIntegerLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x200000 ? 3 : 4;
}

/**
 * Writes a Variable Byte Integer into `target`, from `offset` on.
 *
 * @returns the offset behind it.
 */
export function writeVariableByteInteger(value: number, target: Uint8Array, offset: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    target[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[at++] = rest;
  return at;
}

/** Where the Variable Byte Integer at `start` ends; past the end of the bytes when it is cut. */
export function behindVariableByteInteger(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
}
