import { definePlugin, type Plugin } from '@carillon/hooks';
import { Login } from './login.ts';
import { PasswordFile } from './password-file.ts';
import {
  type PasswordFileOptions,
  type PasswordFindOptions,
  type PasswordUsersOptions,
  type SettledPasswordSettings,
  settleSettings,
  whole,
} from './password-options.ts';
import { FileUsers, FixedUsers, FoundUsers, type UserSource } from './user-source.ts';

/**
 * Asks clients for user name and password.
 *
 * The identity of a client is its user name. A wrong password and a user who is not known are refused alike: with
 * 0x86 Bad user name or password, after the same time.
 *
 * @throws {PasswordFileError} when the file cannot be read or a line of it cannot be.
 * @throws TypeError or RangeError when an option cannot be.
 * @example
 * ```ts
 * broker.use(passwordAuth({ file: 'users.txt' }));
 * ```
 */
export function passwordAuth(
  options: PasswordFileOptions | PasswordUsersOptions | PasswordFindOptions,
): Plugin {
  const settings = settleSettings(options);
  const login = new Login(sourceOf(options, settings), settings);
  return definePlugin({
    name: options.name ?? 'auth-password',
    hooks: { authenticate: (event, context) => login.authenticate(event, context) },
  });
}

function sourceOf(
  options: PasswordFileOptions | PasswordUsersOptions | PasswordFindOptions,
  { cost }: SettledPasswordSettings,
): UserSource {
  if ('file' in options) {
    const maximumFileSize = whole(options.maximumFileSize, 'maximumFileSize', 16_777_216, 1, 2 ** 30);
    return new FileUsers(new PasswordFile(options.file, maximumFileSize), cost);
  }
  if ('find' in options) return new FoundUsers(options.find, cost);
  const { users } = options;
  return new FixedUsers(users instanceof Map ? users : Object.entries(users), cost);
}
