/** What a header may have as it is: visible ASCII, and spaces within. RFC 9110 §5.5. */
const plain = /^[\x21-\x7e]+(?: +[\x21-\x7e]+)*$/;

const utf8 = new TextEncoder();

/**
 * Text of a message as the value of a header: all but visible ASCII, and `%` itself, as `%` and two digits for each
 * byte of UTF-8, which `decodeURIComponent` takes back. A line break can so end no header.
 */
export function headerText(text: string): string {
  if (plain.test(text) && !text.includes('%')) return text;
  return percentEncode(text, isPlain);
}

/** As {@link headerText}, for a part of a list: its separators are encoded too. */
export function listText(text: string): string {
  return percentEncode(text, (byte) => isPlain(byte) && !separators.has(byte));
}

const separators: ReadonlySet<number> = new Set(utf8.encode(' ,;="'));

function isPlain(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x25;
}

function percentEncode(text: string, staysAsItIs: (byte: number) => boolean): string {
  let encoded = '';
  for (const byte of utf8.encode(text)) {
    encoded += staysAsItIs(byte)
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
