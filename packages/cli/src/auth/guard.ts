import type {
  AuthGuardOptions,
  BackOffOptions,
  BanRequest,
  FlappingOptions,
  Rate,
  RateOptions,
} from '@carillon/auth-guard';
import { CommandError } from '../command-error.ts';
import { falseOr, fields, listOfForm, numberFrom, required, text, wholeNumber } from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';

/** Bans, login back-off and rates. */
export interface GuardConfiguration extends Omit<AuthGuardOptions, 'bans'> {
  /** Who is banned from the start. */
  readonly bans?: readonly BanConfiguration[];
}

/** One of `address`, `clientId` and `user`, and for how long. */
export interface BanConfiguration {
  /** An IP address, or a range such as `192.0.2.0/24`. */
  readonly address?: string;
  readonly clientId?: string;
  readonly user?: string;
  readonly reason?: string;
  /** Default: for as long as it stands here. */
  readonly seconds?: number;
}

const rate = fields<Rate>({
  perSecond: required(numberFrom(0), 'how much may be done in a second'),
  burst: numberFrom(1),
});

export const guardEntry: AuthEntry<GuardConfiguration> = {
  kind: 'guard',
  forms: {
    bans: listOfForm(
      fields<BanConfiguration>({
        address: text,
        clientId: text,
        user: text,
        reason: text,
        seconds: numberFrom(0),
      }),
    ),
    maximumBans: wholeNumber(1, 10_000_000),
    backOff: falseOr(
      fields<BackOffOptions>({
        failures: wholeNumber(0, 1000),
        delay: numberFrom(0),
        maximumDelay: numberFrom(0),
        forgetAfter: numberFrom(0),
      }),
    ),
    flapping: falseOr(
      fields<FlappingOptions>({
        connects: wholeNumber(1, 1_000_000),
        within: numberFrom(1),
        delay: numberFrom(0),
      }),
    ),
    rates: fields<RateOptions>({ connects: rate, messages: rate, bytes: rate, patience: numberFrom(0) }),
    maximumTracked: wholeNumber(1, 10_000_000),
    maximumWaiting: wholeNumber(0, 1_000_000),
  },
  async make({ bans = [], ...options }) {
    const { authGuard } = await import('@carillon/auth-guard');
    return authGuard({ ...options, bans: bans.map(requestOf) });
  },
};

function requestOf({ address, clientId, user, ...rest }: BanConfiguration): BanRequest {
  if (address !== undefined) return { address, ...rest };
  if (clientId !== undefined) return { clientId, ...rest };
  if (user !== undefined) return { user, ...rest };
  throw new CommandError('bans: each needs an address, a clientId or a user');
}
