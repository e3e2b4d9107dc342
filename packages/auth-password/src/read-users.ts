import { messageOf } from '@carillon/hooks/checks';
import { PasswordFileError } from './password-file-error.ts';
import { parseScram, type ScramCredentials, type ScramMethod, scramMethodOf } from './scram-line.ts';
import { parseHash, type StoredHash } from './stored-hash.ts';
import { userNameFault } from './user-name.ts';

/** What a file says of one user. */
export interface FileUser {
  /** The text behind the name, for whoever replaces it; absent for users that have SCRAM keys only. */
  readonly hash: { readonly text: string; readonly stored: StoredHash } | undefined;
  readonly scram: ReadonlyMap<ScramMethod, ScramCredentials>;
}

/** One line of a file: `name:hash`, or anything that is to stay as it is. */
export type UserLine = { readonly text: string } & (
  | { readonly kind: 'other' }
  | { readonly kind: 'user'; readonly name: string; readonly secret: string }
);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a file apart into lines. An empty line, and one that begins with `#`, says nothing.
 *
 * @throws {PasswordFileError} naming the line that cannot be read.
 */
export function readLines(bytes: Uint8Array, path: string): readonly UserLine[] {
  const lines: UserLine[] = [];
  for (let start = 0; start <= bytes.length; ) {
    const end = bytes.indexOf(0x0a, start);
    const slice = bytes.subarray(start, end === -1 ? bytes.length : end);
    lines.push(readLine(slice, path, lines.length + 1));
    start = end === -1 ? bytes.length + 1 : end + 1;
  }
  return lines;
}

function readLine(bytes: Uint8Array, path: string, number: number): UserLine {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new PasswordFileError(path, number, 'is not in UTF-8', error);
  }
  const content = text.replace(number === 1 ? /^\uFEFF/ : /^(?!)/, '').trim();
  if (content === '' || content.startsWith('#')) return { kind: 'other', text };
  const colon = content.indexOf(':');
  if (colon === -1) throw new PasswordFileError(path, number, 'has no colon: a line is name:hash');
  return { kind: 'user', text, name: content.slice(0, colon), secret: content.slice(colon + 1) };
}

/**
 * The users of a file.
 *
 * @throws {PasswordFileError} naming the line that is wrong: nobody of the file is let in then.
 */
export function readUsers(bytes: Uint8Array, path: string): ReadonlyMap<string, FileUser> {
  const users = new Map<string, FileUser>();
  for (const [index, line] of readLines(bytes, path).entries()) {
    if (line.kind !== 'user') continue;
    try {
      users.set(line.name, withLine(users.get(line.name), line.name, line.secret));
    } catch (error) {
      const fault = messageOf(error);
      throw new PasswordFileError(path, index + 1, fault, error);
    }
  }
  return users;
}

/** What goes wrong here is told in words that follow "line 7". */
function withLine(user: FileUser | undefined, name: string, secret: string): FileUser {
  const fault = userNameFault(name);
  if (fault !== undefined) throw new Error(`has a user name that ${fault}`);
  const { hash, scram } = user ?? { hash: undefined, scram: new Map<ScramMethod, ScramCredentials>() };
  const method = scramMethodOf(secret);
  if (method !== undefined) {
    if (scram.has(method)) throw new Error(`is the second with ${method} for its user`);
    return { hash, scram: new Map([...scram, [method, inWords(() => parseScram(method, secret))]]) };
  }
  if (hash !== undefined) throw new Error('is the second with a password for its user');
  return { hash: { text: secret, stored: inWords(() => parseHash(secret)) }, scram };
}

function inWords<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`has a hash that ${messageOf(error)}`, {
      cause: error,
    });
  }
}
