import type { ScramMethod } from '@carillon/auth-scram';
import { fileName, listOfForm, oneWordOf, required, secretText, wholeNumber } from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';

/** Passwords that are proven, not sent. */
export interface ScramConfiguration {
  /** The users, set by `carillon password set --scram`: it may be the file of `password`. */
  readonly file: string;
  /** Default both. */
  readonly methods?: readonly ScramMethod[];
  /** Makes up salts for those who are not known: the same at every start and on every node. Default random. */
  readonly secret?: string;
  /** What those who are not known are told. Default 15,000, as `carillon password set` writes. */
  readonly iterations?: number;
}

export const scramEntry: AuthEntry<ScramConfiguration> = {
  kind: 'authenticates',
  forms: {
    file: required(fileName, 'the name of a file of users: carillon password set --scram makes one'),
    methods: listOfForm(oneWordOf('SCRAM-SHA-256', 'SCRAM-SHA-512')),
    secret: secretText,
    iterations: wholeNumber(4096, 10_000_000),
  },
  async make({ file, ...options }) {
    const { passwordAuth } = await import('@carillon/auth-password');
    const { scramAuth } = await import('@carillon/auth-scram');
    const users = passwordAuth({ file, scramOnly: true });
    const scram = scramAuth({ ...options, find: users.scramCredentials });
    return {
      ...scram,
      async setup(broker, platform) {
        await scram.setup?.(broker, platform);
        await users.setup?.(broker, platform);
      },
      close: () => users.close?.(),
    };
  },
};
