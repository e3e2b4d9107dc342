import { type Check, type FieldChecks, inner, readFields, readOptions, refuse } from '@carillon/hooks/checks';
import type { BanRequest } from './ban.ts';

/** How much of something may be done. */
export interface Rate {
  readonly perSecond: number;
  /** How much may be done at once after a pause. Default: what fits into a second. */
  readonly burst?: number;
}

/** Who fails to log in again and again has to wait, ever longer. */
export interface BackOffOptions {
  /** Failures that cost nothing. Default 5. */
  readonly failures?: number;
  /** Seconds after the next one; doubled with each further one. Default 1. */
  readonly delay?: number;
  /** Seconds; no wait is longer. Default 300 for an address, and 30 for a user, whom others could lock out. */
  readonly maximumDelay?: number;
  /** Seconds without a failure after which all are forgotten. Default 3600. */
  readonly forgetAfter?: number;
}

/** A client that comes and goes all the time has to wait before it is let in. */
export interface FlappingOptions {
  /** Connects of one client id that are fine. Default 20. */
  readonly connects?: number;
  /** Within so many seconds. Default 60. */
  readonly within?: number;
  /** Seconds that a further CONNECT is kept waiting. Default 5. */
  readonly delay?: number;
}

/** What one address, or one client, may do in a second. */
export interface RateOptions {
  /** Connections of one address. Default 50 a second, 500 at once. */
  readonly connects?: Rate;
  /** Messages that one client publishes. Default: no limit, but what the authentication's answer says. */
  readonly messages?: Rate;
  /** Bytes (topic and payload) that one client publishes. Default as `messages`. */
  readonly bytes?: Rate;
  /**
   * Seconds for which a client may ask for more than its rate. It is read from more slowly all the while; then it
   * is disconnected with 0x96 Message rate too high. Default 60.
   */
  readonly patience?: number;
}

/** Options of `authGuard`. */
export interface AuthGuardOptions {
  /** Bans from the start, besides those that are stored. They cannot be lifted for longer than this run. */
  readonly bans?: readonly BanRequest[];
  /** Bans that there may be. Default 10,000. */
  readonly maximumBans?: number;
  /** Wrong passwords. `false` turns it off. */
  readonly backOff?: BackOffOptions | false;
  /** Restless clients. `false` turns it off. */
  readonly flapping?: FlappingOptions | false;
  /** What may be done in a second. */
  readonly rates?: RateOptions;
  /** Addresses, users and clients that are remembered; beyond it those unheard of for longest are forgotten. Default 100,000. */
  readonly maximumTracked?: number;
  /** Who may be kept waiting at the same time; further connections are refused, further messages not slowed. Default 1000. */
  readonly maximumWaiting?: number;
}

/** The same with every default. Durations are milliseconds. */
export interface GuardSettings {
  readonly bans: readonly BanRequest[];
  readonly maximumBans: number;
  readonly backOff: { readonly address: BackOffSettings; readonly user: BackOffSettings } | undefined;
  readonly flapping: { readonly rate: Rate; readonly delay: number } | undefined;
  readonly connects: Rate;
  readonly messages: Rate | undefined;
  readonly bytes: Rate | undefined;
  readonly patience: number;
  readonly maximumTracked: number;
  readonly maximumWaiting: number;
}

export interface BackOffSettings {
  readonly failures: number;
  readonly delay: number;
  readonly maximumDelay: number;
  readonly forgetAfter: number;
}

/** @throws {TypeError} for an option that is none, or a value that cannot be. */
export function settleGuard(given: AuthGuardOptions): GuardSettings {
  const options = readOptions(given, optionChecks, (wrong) => new TypeError(`authGuard: ${wrong}`));
  const { bans = [], backOff = {}, flapping = {}, rates = {} } = options;
  return {
    bans,
    maximumBans: options.maximumBans ?? 10_000,
    backOff: backOff === false ? undefined : settleBackOff(backOff),
    flapping: flapping === false ? undefined : settleFlapping(flapping),
    connects: rates.connects ?? { perSecond: 50, burst: 500 },
    messages: rates.messages,
    bytes: rates.bytes,
    patience: 1000 * (rates.patience ?? 60),
    maximumTracked: options.maximumTracked ?? 100_000,
    maximumWaiting: options.maximumWaiting ?? 1000,
  };
}

function settleBackOff(backOff: BackOffOptions): { address: BackOffSettings; user: BackOffSettings } {
  const { failures = 5, delay = 1, maximumDelay, forgetAfter = 3600 } = backOff;
  const settings = (longest: number): BackOffSettings => ({
    failures,
    delay: 1000 * delay,
    maximumDelay: 1000 * (maximumDelay ?? longest),
    forgetAfter: 1000 * forgetAfter,
  });
  return { address: settings(300), user: settings(30) };
}

function settleFlapping(flapping: FlappingOptions): { rate: Rate; delay: number } {
  const { connects = 20, within = 60, delay = 5 } = flapping;
  return { rate: { perSecond: connects / within, burst: connects }, delay: 1000 * delay };
}

function atLeast(least: number): Check<number> {
  return (value, field) =>
    typeof value === 'number' && Number.isFinite(value) && value >= least
      ? value
      : refuse(field, value, `a number, ${least} or more`);
}

function orFalse<T>(check: Check<T>): Check<T | false> {
  return (value, field) => (value === false ? false : check(value, field));
}

const rateFields: FieldChecks<Rate> = {
  perSecond: (value, field) =>
    typeof value === 'number' && Number.isFinite(value) && value > 0
      ? value
      : refuse(field, value, 'a number above 0'),
  burst: atLeast(1),
};

const rate: Check<Rate> = (value, field) => {
  const { perSecond = refuse(`${field}.perSecond`, undefined, 'a number above 0'), burst } = readFields(
    value,
    rateFields,
    field,
  );
  return { perSecond, burst: burst ?? Math.max(1, perSecond) };
};

/** Each ban is looked at when it is made. */
const bans: Check<readonly BanRequest[]> = (value, field) =>
  Array.isArray(value) ? value : refuse(field, value, 'a list');

const optionChecks: FieldChecks<AuthGuardOptions> = {
  bans,
  maximumBans: atLeast(1),
  backOff: orFalse(
    inner<BackOffOptions>({
      failures: atLeast(0),
      delay: atLeast(0),
      maximumDelay: atLeast(0),
      forgetAfter: atLeast(0),
    }),
  ),
  flapping: orFalse(inner<FlappingOptions>({ connects: atLeast(1), within: atLeast(1), delay: atLeast(0) })),
  rates: inner<RateOptions>({ connects: rate, messages: rate, bytes: rate, patience: atLeast(0) }),
  maximumTracked: atLeast(1),
  maximumWaiting: atLeast(0),
};
