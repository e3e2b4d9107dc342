import { resolve } from 'node:path';
import type { UpgradePolicy } from '@carillon/auth-password';
import { fileName, oneWordOf, required, wholeNumber } from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';

/** Users and their passwords. */
export interface PasswordConfiguration {
  /** Written by `carillon password set`, or by Mosquitto. Relative to the folder of the file. */
  readonly file: string;
  /** Which hashes are replaced by stronger ones at a login: `own` (default), `all`, Mosquitto's too, or `never`. */
  readonly upgrade?: UpgradePolicy;
  /** Passwords hashed at the same time. Default 2. */
  readonly maximumParallel?: number;
  /** Logins that may wait for their turn; more are told that the server is busy. Default 100. */
  readonly maximumWaiting?: number;
}

export const passwordEntry: AuthEntry<PasswordConfiguration> = {
  kind: 'authenticates',
  forms: {
    file: required(fileName, 'the name of a file of users: carillon password set makes one'),
    upgrade: oneWordOf('own', 'all', 'never'),
    maximumParallel: wholeNumber(1, 128),
    maximumWaiting: wholeNumber(0, 100_000),
  },
  ofFlags: ({ passwordFile }) => (passwordFile === undefined ? {} : { file: resolve(passwordFile) }),
  async make(options, { othersFollow }) {
    const { passwordAuth } = await import('@carillon/auth-password');
    return passwordAuth({ ...options, unknownUsers: othersFollow ? 'pass' : 'refuse' });
  },
};
