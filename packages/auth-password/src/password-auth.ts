import { type Broker, definePlugin, type Logger, type Plugin } from '@carillon/hooks';
import { Login } from './login.ts';
import { PasswordFile } from './password-file.ts';
import {
  type PasswordFileOptions,
  type PasswordFileSource,
  type PasswordFindOptions,
  type PasswordUsersOptions,
  type SettledPasswordSettings,
  settlePasswordOptions,
} from './password-options.ts';
import type { ScramCredentials, ScramMethod } from './scram-line.ts';
import { FileUsers, FixedUsers, FoundUsers, type UserSource } from './user-source.ts';

const notAuthorized = 0x87;

/** Milliseconds for a login, its turn included: hashing may be slow where many come at once. */
const timeoutMs = 15_000;

/** What {@link passwordAuth} makes of a file. */
export interface PasswordFilePlugin extends Plugin {
  /**
   * The keys that the file has of a user for SCRAM, for `find` of `scramAuth`; `undefined` when it has none.
   *
   * @example
   * ```ts
   * const passwords = passwordAuth({ file: 'users.txt' });
   * broker.use(passwords);
   * broker.use(scramAuth({ find: passwords.scramCredentials }));
   * ```
   */
  readonly scramCredentials: (user: string, method: ScramMethod) => ScramCredentials | undefined;
}

/**
 * Asks clients for user name and password.
 *
 * The identity of a client is its user name. A wrong password and a user who is not known are refused alike: with
 * 0x86 Bad user name or password, after the same time. A file is followed: when it changes it is read again, and when
 * it then cannot be read, what was read before stays in force and the log says why. Connected clients of a user who was
 * deleted are disconnected with 0x87 Not authorized.
 *
 * @throws {PasswordFileError} when the file cannot be read or a line of it cannot be.
 * @throws TypeError when an option cannot be, or does not exist.
 * @example
 * ```ts
 * broker.use(passwordAuth({ file: 'users.txt' }));
 * ```
 */
export function passwordAuth(options: PasswordFileOptions): PasswordFilePlugin;
export function passwordAuth(options: PasswordUsersOptions | PasswordFindOptions): Plugin;
export function passwordAuth(
  options: PasswordFileOptions | PasswordUsersOptions | PasswordFindOptions,
): Plugin {
  const { source, name, settings } = settlePasswordOptions(options);
  switch (source.kind) {
    case 'file':
      return fileAuth(source, name, settings);
    case 'users': {
      const users = source.users instanceof Map ? source.users : Object.entries(source.users);
      return pluginFor(name, settings, new FixedUsers(users, settings.cost));
    }
    case 'find':
      return pluginFor(name, settings, new FoundUsers(source, settings.cost));
  }
}

function fileAuth(
  { path, maximumFileSize, scramOnly }: PasswordFileSource,
  name: string,
  settings: SettledPasswordSettings,
): PasswordFilePlugin {
  const file = new PasswordFile(path, maximumFileSize);
  const plugin = pluginFor(name, settings, new FileUsers(file, settings.cost));
  const { hooks } = plugin;
  return {
    name: plugin.name,
    timeoutMs,
    ...(scramOnly ? {} : { hooks }),
    setup(broker, platform) {
      plugin.setup(broker, platform);
      file.follow(platform.clock, platform.logger, (users) => cutOff(users, broker));
    },
    async close() {
      file.close();
      await plugin.close();
    },
    scramCredentials: (user, method) => file.users.get(user)?.scram.get(method),
  };
}

/** Whoever knows him otherwise lets him in again. */
function cutOff(deleted: ReadonlySet<string>, broker: Broker): void {
  for (const client of [...broker.clients()]) {
    const { identity } = client;
    if (identity === undefined || !deleted.has(identity)) continue;
    client.disconnect({ reasonCode: notAuthorized, reasonString: 'the user was deleted' });
  }
}

function pluginFor(name: string, settings: SettledPasswordSettings, source: UserSource) {
  let logger: Logger | undefined;
  const login = new Login(source, settings, (error) => {
    logger?.warn({ err: error }, 'stronger hashes of passwords cannot be kept, and are not made any more');
  });
  return definePlugin({
    name,
    timeoutMs,
    hooks: { authenticate: (event, context) => login.authenticate(event, context) },
    setup: (_broker, platform) => {
      logger = platform.logger;
    },
    close: () => login.close(),
  });
}
