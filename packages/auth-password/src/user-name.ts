const longestName = 65_535;

/**
 * What keeps a text from being the name of a user in a file, in words that follow "the user name"; `undefined` when
 * nothing does.
 */
export function userNameFault(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.includes(':')) return 'has a colon, which ends the name in the file';
  if (name.startsWith('#')) return 'begins with #, which begins a comment in the file';
  if (name !== name.trim()) return 'begins or ends with a space';
  if (/\p{Cc}/u.test(name)) return 'has a control character';
  if (/\p{Surrogate}/u.test(name)) return 'has half a surrogate pair';
  if (Buffer.byteLength(name) > longestName)
    return `has more than ${longestName} bytes, which no CONNECT can carry`;
  return undefined;
}
