/** The characters that mean something in a topic, as UTF-16 code units. */
export const slash = 0x2f;
export const plus = 0x2b;
export const hash = 0x23;
export const dollar = 0x24;

/** The first half of a surrogate pair. */
export function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** The second half of a surrogate pair. */
export function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

export function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
