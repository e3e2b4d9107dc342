import { editUsers, type LineChange } from './edit-users.ts';
import { hashPassword } from './hash-password.ts';
import { PasswordFileError } from './password-file-error.ts';
import { formatScram, type ScramCredentials, type ScramMethod } from './scram-line.ts';
import type { ScryptCost } from './stored-hash.ts';
import { userNameFault } from './user-name.ts';

/** Milliseconds to wait for another process that changes the file. */
const patience = 5_000;

/** What is kept of a password in a file. */
export interface SetPasswordOptions {
  /** What the hash costs. Default `{ N: 32768, r: 8, p: 1 }`. */
  readonly cost?: ScryptCost;
  /** Keys for SCRAM, made of the same password: the user may then prove it without sending it. Default none. */
  readonly scram?: Readonly<Partial<Record<ScramMethod, ScramCredentials>>>;
  /** Keeps no hash, only the keys for SCRAM: the user cannot send the password any more. Default false. */
  readonly scramOnly?: boolean;
}

/**
 * Sets the password of a user in a file, which is made (for its owner alone) when it is not there. Comments and
 * other users stay as they are. A broker that has the file open takes the change over.
 *
 * @throws TypeError when the name cannot be that of a user, or the password is empty or has the character U+0000.
 * @throws {PasswordFileError} when a line of the file cannot be read.
 * @example
 * ```ts
 * await setPassword('users.txt', 'alice', 'tick-tock');
 * ```
 */
export async function setPassword(
  file: string,
  user: string,
  password: string | Uint8Array,
  options: SetPasswordOptions = {},
): Promise<void> {
  const { cost, scram = {}, scramOnly = false } = options;
  const fault = userNameFault(user);
  if (fault !== undefined) throw new TypeError(`the user name ${fault}`);
  const keys = scramMethods.flatMap((method) => {
    const credentials = scram[method];
    return credentials === undefined ? [] : [formatScram(method, credentials)];
  });
  if (scramOnly && keys.length === 0)
    throw new TypeError('option scramOnly is true, and there are no keys in scram');
  const hashes = scramOnly ? [] : [await hashPassword(password, cost)];
  await edit(file, withUser(user, [...hashes, ...keys]));
}

const scramMethods: readonly ScramMethod[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

/**
 * Takes a user out of a file.
 *
 * @returns Whether there was such a user.
 * @throws {PasswordFileError} when a line of the file cannot be read.
 */
export function deleteUser(file: string, user: string): Promise<boolean> {
  return edit(file, withoutUser(user));
}

async function edit(file: string, change: LineChange): Promise<boolean> {
  const outcome = await editUsers(file, patience, change);
  if (outcome !== 'busy') return outcome === 'changed';
  throw new PasswordFileError(
    file,
    undefined,
    `is being changed by another process, for more than ${patience} ms: its id is in ${file}.lock`,
  );
}

/** Puts a stronger hash in the place of one that is still there. Does not wait: there will be another login. */
export async function replaceHash(file: string, user: string, from: string, to: string): Promise<void> {
  await editUsers(file, 0, (lines) => {
    const isIt = (line: (typeof lines)[number]) =>
      line.kind === 'user' && line.name === user && line.secret === from;
    if (!lines.some(isIt)) return undefined;
    return lines.map((line) => (isIt(line) ? `${user}:${to}${lineEndOf(line.text)}` : line.text));
  });
}

/** In the place of the user's first line; at the end for who is new. */
function withUser(user: string, secrets: readonly string[]): LineChange {
  return (lines) => {
    const ofUser = (line: (typeof lines)[number]) => line.kind === 'user' && line.name === user;
    const end = lineEndOf(lines[0]?.text ?? '');
    const written = secrets.map((secret) => `${user}:${secret}${end}`);
    const place = lines.findIndex(ofUser);
    if (place !== -1) {
      return lines.flatMap((line, at) => (at === place ? written : ofUser(line) ? [] : [line.text]));
    }
    const kept = lines.map(({ text }) => text);
    // What follows the last line feed is no line.
    if (kept.at(-1) === '') kept.pop();
    return [...kept, ...written, ''];
  };
}

function withoutUser(user: string): LineChange {
  return (lines) => {
    const kept = lines.filter((line) => line.kind !== 'user' || line.name !== user);
    return kept.length === lines.length ? undefined : kept.map(({ text }) => text);
  };
}

/** Lines are cut at line feeds: what a file of Windows has before them is still there. */
function lineEndOf(text: string): string {
  return text.endsWith('\r') ? '\r' : '';
}
