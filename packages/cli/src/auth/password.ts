import { resolve } from 'node:path';
import { fileName, required, wholeNumber } from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';

/** Users and their passwords. */
export interface PasswordConfiguration {
  /** The file; one that Mosquitto wrote will do. Relative to the folder of the file. */
  readonly file: string;
  /** Passwords hashed at the same time. Default 2. */
  readonly maximumParallel?: number;
  /** Logins that may wait for their turn; more are told that the server is busy. Default 100. */
  readonly maximumWaiting?: number;
}

export const passwordEntry: AuthEntry<PasswordConfiguration> = {
  kind: 'authenticates',
  forms: {
    file: required(fileName, 'the name of a file of users'),
    maximumParallel: wholeNumber(1, 128),
    maximumWaiting: wholeNumber(0, 100_000),
  },
  ofFlags: ({ passwordFile }) => (passwordFile === undefined ? {} : { file: resolve(passwordFile) }),
  async make(options, { log, othersFollow }) {
    const { passwordAuth } = await import('@carillon/auth-password');
    return passwordAuth({ ...options, logger: log, unknownUsers: othersFollow ? 'pass' : 'refuse' });
  },
};
