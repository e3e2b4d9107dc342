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
export function settleGuard(options: AuthGuardOptions): GuardSettings {
  const { backOff = {}, flapping = {}, rates = {}, bans = [] } = options;
  checkKeys(options, '', [
    'bans',
    'maximumBans',
    'backOff',
    'flapping',
    'rates',
    'maximumTracked',
    'maximumWaiting',
  ]);
  if (!Array.isArray(bans)) throw wrong('bans', bans, 'a list');
  checkKeys(rates, 'rates.', ['connects', 'messages', 'bytes', 'patience']);
  return {
    bans,
    maximumBans: atLeast(1, 'maximumBans', options.maximumBans, 10_000),
    backOff: backOff === false ? undefined : settleBackOff(backOff),
    flapping: flapping === false ? undefined : settleFlapping(flapping),
    connects: rateOf('rates.connects', rates.connects) ?? { perSecond: 50, burst: 500 },
    messages: rateOf('rates.messages', rates.messages),
    bytes: rateOf('rates.bytes', rates.bytes),
    patience: 1000 * atLeast(0, 'rates.patience', rates.patience, 60),
    maximumTracked: atLeast(1, 'maximumTracked', options.maximumTracked, 100_000),
    maximumWaiting: atLeast(0, 'maximumWaiting', options.maximumWaiting, 1000),
  };
}

function settleBackOff(backOff: BackOffOptions): { address: BackOffSettings; user: BackOffSettings } {
  checkKeys(backOff, 'backOff.', ['failures', 'delay', 'maximumDelay', 'forgetAfter']);
  const settings = (longest: number): BackOffSettings => ({
    failures: atLeast(0, 'backOff.failures', backOff.failures, 5),
    delay: 1000 * atLeast(0, 'backOff.delay', backOff.delay, 1),
    maximumDelay: 1000 * atLeast(0, 'backOff.maximumDelay', backOff.maximumDelay, longest),
    forgetAfter: 1000 * atLeast(0, 'backOff.forgetAfter', backOff.forgetAfter, 3600),
  });
  return { address: settings(300), user: settings(30) };
}

function settleFlapping(flapping: FlappingOptions): { rate: Rate; delay: number } {
  checkKeys(flapping, 'flapping.', ['connects', 'within', 'delay']);
  const connects = atLeast(1, 'flapping.connects', flapping.connects, 20);
  const within = atLeast(1, 'flapping.within', flapping.within, 60);
  const delay = 1000 * atLeast(0, 'flapping.delay', flapping.delay, 5);
  return { rate: { perSecond: connects / within, burst: connects }, delay };
}

function rateOf(key: string, rate: Rate | undefined): Rate | undefined {
  if (rate === undefined) return undefined;
  checkKeys(rate, `${key}.`, ['perSecond', 'burst']);
  if (!(Number.isFinite(rate.perSecond) && rate.perSecond > 0)) {
    throw wrong(`${key}.perSecond`, rate.perSecond, 'a number above 0');
  }
  const burst = atLeast(1, `${key}.burst`, rate.burst, Math.max(1, rate.perSecond));
  return { perSecond: rate.perSecond, burst };
}

function atLeast(least: number, key: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (Number.isFinite(value) && value >= least) return value;
  throw wrong(key, value, `a number, ${least} or more`);
}

function checkKeys(value: unknown, prefix: string, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null) throw wrong(prefix.slice(0, -1), value, 'an object');
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new TypeError(`authGuard: ${prefix}${unknown} is not an option; there are ${known.join(', ')}`);
}

function wrong(key: string, value: unknown, right: string): TypeError {
  return new TypeError(`authGuard: ${key} is ${JSON.stringify(value)}; it must be ${right}`);
}
