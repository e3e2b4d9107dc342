/** Without padding, as PHC strings have it. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replace(/=+$/, '');
}

/** With or without padding; `undefined` for what is no Base64. Node alone would skip what does not belong. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return toBase64(bytes) === text.replace(/=+$/, '') ? bytes : undefined;
}
