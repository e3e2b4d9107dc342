import type { Durability } from '@carillon/persistence';
import type { QoS } from '@carillon/protocol';
import type { EngineOptions, Limits, QueueOverflow, ShareStrategy } from './engine-options.ts';
import { OptionError } from './option-error.ts';
import { settleTopicDurability, type TopicDurability } from './topic-durability.ts';

/** The engine's options with every default filled in. */
export interface EngineSettings {
  readonly limits: Limits;
  readonly maximumQoS: QoS;
  readonly retainAvailable: boolean;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
  readonly subscriptionIdentifiersAvailable: boolean;
  readonly sharedSubscriptionsFor3: boolean;
  readonly overlappingSubscriptions: 'one-copy' | 'copy-per-filter';
  readonly shareStrategy: ShareStrategy;
  readonly queueOverflow: QueueOverflow;
  readonly queueQoS0: boolean;
  readonly tellNoMatchingSubscribers: boolean;
  readonly systemTopicInterval: number;
  /** As in `EngineOptions`; absent when there is none. */
  readonly responseInformation: ((clientId: string) => string | undefined) | undefined;
  readonly hookTimeout: number;
  readonly durability: Durability | undefined;
  readonly durabilityByTopic: readonly TopicDurability[];
  readonly version: string;
}

/** The limits in force where nothing else is said. */
export const defaultLimits: Limits = Object.freeze({
  maximumConnections: 100_000,
  maximumConnectionsPerAddress: 10_000,
  connectTimeout: 10_000,
  maximumConnectBytes: 65_536,
  maximumPacketSize: 1_048_576,
  receiveMaximum: 1024,
  maximumInflight: 100,
  topicAliasMaximum: 32,
  outboundTopicAliasMaximum: 32,
  maximumQueuedMessages: 1000,
  maximumQueuedBytes: 16_777_216,
  maximumOutputBytes: 1_048_576,
  stalledOutputTimeout: 60_000,
  maximumSubscriptions: 10_000,
  maximumTopicLevels: 128,
  maximumTopicBytes: 65_535,
  maximumRetainedMessages: 1_000_000,
  maximumRetainedBytes: 268_435_456,
  maximumSessions: 1_000_000,
  maximumSessionExpiryInterval: 0xffff_ffff,
  maximumKeepAlive: 0,
  maximumWaitingPackets: 1000,
  maximumWaitingChanges: 100_000,
  maximumAuthenticationRounds: 16,
});

/** The smallest and largest sensible value of each limit. */
export const limitRanges: Readonly<Record<keyof Limits, readonly [least: number, most: number]>> = {
  maximumConnections: [1, 10_000_000],
  maximumConnectionsPerAddress: [1, 10_000_000],
  connectTimeout: [1, 3_600_000],
  maximumConnectBytes: [64, 268_435_460],
  maximumPacketSize: [64, 268_435_460],
  receiveMaximum: [1, 65_535],
  maximumInflight: [1, 65_534],
  topicAliasMaximum: [0, 65_535],
  outboundTopicAliasMaximum: [0, 65_535],
  maximumQueuedMessages: [0, 1_000_000_000],
  maximumQueuedBytes: [0, Number.MAX_SAFE_INTEGER],
  maximumOutputBytes: [1024, 4_294_967_296],
  stalledOutputTimeout: [1, 86_400_000],
  maximumSubscriptions: [1, 10_000_000],
  maximumTopicLevels: [1, 65_535],
  maximumTopicBytes: [1, 65_535],
  maximumRetainedMessages: [0, 100_000_000],
  maximumRetainedBytes: [0, Number.MAX_SAFE_INTEGER],
  maximumSessions: [1, 100_000_000],
  maximumSessionExpiryInterval: [0, 0xffff_ffff],
  maximumKeepAlive: [0, 65_535],
  maximumWaitingPackets: [1, 1_000_000],
  maximumWaitingChanges: [1, 100_000_000],
  maximumAuthenticationRounds: [1, 1000],
};

/**
 * Checks the options and fills in the defaults.
 *
 * @throws OptionError naming the key, the value and what would be right.
 */
export function settleOptions(options: EngineOptions): EngineSettings {
  refuseUnknownKeys(options);
  checkParts(options);
  return {
    limits: settleLimits(options.limits),
    maximumQoS: oneOf(options.maximumQoS, 'maximumQoS', [2, 1, 0]),
    retainAvailable: flag(options.retainAvailable, 'retainAvailable', true),
    wildcardSubscriptionAvailable: flag(
      options.wildcardSubscriptionAvailable,
      'wildcardSubscriptionAvailable',
      true,
    ),
    sharedSubscriptionAvailable: flag(
      options.sharedSubscriptionAvailable,
      'sharedSubscriptionAvailable',
      true,
    ),
    subscriptionIdentifiersAvailable: flag(
      options.subscriptionIdentifiersAvailable,
      'subscriptionIdentifiersAvailable',
      true,
    ),
    sharedSubscriptionsFor3: flag(options.sharedSubscriptionsFor3, 'sharedSubscriptionsFor3', true),
    overlappingSubscriptions: oneOf(options.overlappingSubscriptions, 'overlappingSubscriptions', [
      'one-copy',
      'copy-per-filter',
    ]),
    shareStrategy: oneOf(options.shareStrategy, 'shareStrategy', [
      'round-robin',
      'least-loaded',
      'sticky',
      'topic-hash',
    ]),
    queueOverflow: oneOf(options.queueOverflow, 'queueOverflow', ['drop-newest', 'drop-oldest']),
    queueQoS0: flag(options.queueQoS0, 'queueQoS0', false),
    tellNoMatchingSubscribers: flag(options.tellNoMatchingSubscribers, 'tellNoMatchingSubscribers', true),
    systemTopicInterval: whole(options.systemTopicInterval, 'systemTopicInterval', 10, 0, 86_400),
    responseInformation: functionOrNothing(options.responseInformation),
    hookTimeout: whole(options.hookTimeout, 'hookTimeout', 5000, 1, 3_600_000),
    durability:
      options.durability === undefined
        ? undefined
        : oneOf(options.durability, 'durability', ['synced', 'written', 'memory']),
    durabilityByTopic: settleTopicDurability(options.durabilityByTopic),
    version: text(options.version, 'version', 'carillon'),
  };
}

const knownKeys: readonly string[] = Object.keys({
  limits: 0,
  maximumQoS: 0,
  retainAvailable: 0,
  wildcardSubscriptionAvailable: 0,
  sharedSubscriptionAvailable: 0,
  subscriptionIdentifiersAvailable: 0,
  sharedSubscriptionsFor3: 0,
  overlappingSubscriptions: 0,
  shareStrategy: 0,
  queueOverflow: 0,
  queueQoS0: 0,
  tellNoMatchingSubscribers: 0,
  systemTopicInterval: 0,
  responseInformation: 0,
  hookTimeout: 0,
  durability: 0,
  durabilityByTopic: 0,
  persistence: 0,
  logger: 0,
  version: 0,
} satisfies Record<keyof EngineOptions, 0>);

function refuseUnknownKeys(options: EngineOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError('options', options, 'an object');
  }
  for (const key of Object.keys(options)) {
    if (!knownKeys.includes(key)) {
      throw new OptionError(key, Reflect.get(options, key), `one of the options ${knownKeys.join(', ')}`);
    }
  }
}

/** What is handed over to be called has to have what is called. */
function checkParts({ logger, persistence }: EngineOptions): void {
  if (logger !== undefined && !hasMethods(logger, ['debug', 'info', 'warn', 'error'])) {
    throw new OptionError('logger', logger, 'an object with the functions debug, info, warn and error');
  }
  const storeMethods = ['open', 'load', 'commit', 'readQueue', 'close'];
  if (persistence !== undefined && !hasMethods(persistence, storeMethods)) {
    const expected = `a store: an object with the functions ${storeMethods.join(', ')}`;
    throw new OptionError('persistence', persistence, expected);
  }
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

function settleLimits(given: Partial<Limits> | undefined): Limits {
  if (given !== undefined && (typeof given !== 'object' || given === null)) {
    throw new OptionError('limits', given, 'an object');
  }
  const limits: Record<keyof Limits, number> = { ...defaultLimits };
  for (const [key, value] of Object.entries(given ?? {})) {
    if (!isLimit(key)) {
      throw new OptionError(
        `limits.${key}`,
        value,
        `one of the limits ${Object.keys(limitRanges).join(', ')}`,
      );
    }
    const [least, most] = limitRanges[key];
    limits[key] = whole(value, `limits.${key}`, defaultLimits[key], least, most);
  }
  return limits;
}

function isLimit(key: string): key is keyof Limits {
  return Object.hasOwn(limitRanges, key);
}

function flag(value: boolean | undefined, key: string, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw new OptionError(key, value, 'true or false');
  return value;
}

/** The first choice is the default. */
function oneOf<const T extends string | number>(
  value: T | undefined,
  key: string,
  choices: readonly [T, ...T[]],
): T {
  if (value === undefined) return choices[0];
  if (!choices.includes(value)) throw new OptionError(key, value, `one of ${choices.join(', ')}`);
  return value;
}

function whole(value: unknown, key: string, fallback: number, least: number, most: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new OptionError(key, value, `a whole number from ${least} to ${most}`);
  }
  return value;
}

function text(value: unknown, key: string, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value !== 'string') throw new OptionError(key, value, 'a text');
  return value;
}

function functionOrNothing<T>(value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function') {
    throw new OptionError('responseInformation', value, 'a function from client id to text');
  }
  return value;
}
