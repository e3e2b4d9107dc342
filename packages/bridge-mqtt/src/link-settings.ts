import { findTopicNameFault } from '@carillon/topics';
import { type Address, readAddress } from './address.ts';
import { BridgeError } from './bridge-error.ts';
import type { BridgeOptions, BridgeTlsOptions } from './link-options.ts';
import { refuseLoops } from './loops.ts';
import { readTopicLine } from './topic-line.ts';
import { type TopicRule, topicRule } from './topic-rule.ts';

/** A bridge's options, checked and complete. */
export interface LinkSettings {
  readonly name: string;
  readonly addresses: readonly Address[];
  readonly rules: readonly TopicRule[];
  readonly credentials: BridgeOptions['credentials'];
  readonly tls: BridgeTlsOptions;
  readonly protocolVersion: 'auto' | 4 | 5;
  readonly bridgeBit: boolean;
  readonly clientId: string | undefined;
  readonly sessionExpiryInterval: number;
  readonly cleanStart: boolean;
  readonly keepAlive: number;
  readonly connectTimeout: number;
  readonly backOff: { readonly minimum: number; readonly maximum: number };
  readonly failBack: number;
  readonly roundRobin: boolean;
  readonly connections: number;
  readonly isLazy: boolean;
  readonly idleTimeout: number;
  readonly maximumInflight: number;
  readonly maximumBytesPerSecond: number;
  readonly maximumPacketSize: number;
  readonly maximumHops: number;
  readonly notifications: boolean;
  readonly notificationTopic: string | undefined;
  readonly notificationsLocalOnly: boolean;
}

const keys: ReadonlySet<string> = new Set<keyof BridgeOptions>([
  'name',
  'addresses',
  'topics',
  'credentials',
  'tls',
  'protocolVersion',
  'bridgeBit',
  'clientId',
  'sessionExpiryInterval',
  'cleanStart',
  'keepAlive',
  'connectTimeout',
  'backOff',
  'failBack',
  'roundRobin',
  'connections',
  'start',
  'idleTimeout',
  'maximumInflight',
  'maximumBytesPerSecond',
  'maximumPacketSize',
  'maximumHops',
  'notifications',
  'notificationTopic',
  'notificationsLocalOnly',
]);

/** @throws {BridgeError} `BRIDGE_OPTION_INVALID`, `BRIDGE_LOOPS` */
export function settleLink(options: BridgeOptions): LinkSettings {
  const {
    name,
    topics,
    protocolVersion = 'auto',
    start = 'automatic',
    notificationTopic,
    clientId,
  } = options;
  if (typeof name !== 'string' || !/^[\w.-]{1,40}$/.test(name)) {
    throw invalid('name', name, 'up to 40 letters, digits, "_", "-" and "."');
  }
  const stranger = Object.keys(options).find((key) => !keys.has(key));
  if (stranger !== undefined) throw invalid(stranger, undefined, `one of ${[...keys].join(', ')}`);
  if (!Array.isArray(topics) || topics.length === 0)
    throw invalid('topics', topics, 'a list of at least one topic');
  if (![4, 5, 'auto'].includes(protocolVersion))
    throw invalid('protocolVersion', protocolVersion, '4, 5 or "auto"');
  if (!['automatic', 'lazy'].includes(start)) throw invalid('start', start, '"automatic" or "lazy"');
  if (clientId !== undefined && (clientId === '' || clientId.length > 1024)) {
    throw invalid('clientId', clientId, '1 to 1024 characters');
  }
  if (notificationTopic !== undefined && findTopicNameFault(notificationTopic) !== undefined) {
    throw invalid('notificationTopic', notificationTopic, 'a topic name');
  }
  const minimum = count(options.backOff?.minimum, 'backOff.minimum', 1000, 1, 3_600_000);
  const settings: LinkSettings = {
    name,
    addresses: addressesOf(options),
    rules: topics.map((topic) => topicRule(typeof topic === 'string' ? readTopicLine(topic) : topic)),
    credentials: options.credentials,
    tls: options.tls ?? {},
    protocolVersion,
    bridgeBit: flag(options.bridgeBit, 'bridgeBit', true),
    clientId,
    sessionExpiryInterval: count(
      options.sessionExpiryInterval,
      'sessionExpiryInterval',
      0xffff_ffff,
      1,
      0xffff_ffff,
    ),
    cleanStart: flag(options.cleanStart, 'cleanStart', false),
    keepAlive: count(options.keepAlive, 'keepAlive', 60, 1, 65_535),
    connectTimeout: count(options.connectTimeout, 'connectTimeout', 10_000, 1, 3_600_000),
    backOff: {
      minimum,
      maximum: count(
        options.backOff?.maximum,
        'backOff.maximum',
        Math.max(60_000, minimum),
        minimum,
        86_400_000,
      ),
    },
    failBack: count(options.failBack, 'failBack', 60, 0, 86_400),
    roundRobin: flag(options.roundRobin, 'roundRobin', false),
    connections: count(options.connections, 'connections', 1, 1, 64),
    isLazy: start === 'lazy',
    idleTimeout: count(options.idleTimeout, 'idleTimeout', 60, 1, 86_400),
    maximumInflight: count(options.maximumInflight, 'maximumInflight', 100, 1, 65_535),
    maximumBytesPerSecond: count(
      options.maximumBytesPerSecond,
      'maximumBytesPerSecond',
      Number.POSITIVE_INFINITY,
      1,
      Number.POSITIVE_INFINITY,
    ),
    maximumPacketSize: count(options.maximumPacketSize, 'maximumPacketSize', 1_048_576, 128, 268_435_460),
    maximumHops: count(options.maximumHops, 'maximumHops', 8, 1, 32),
    notifications: flag(options.notifications, 'notifications', true),
    notificationTopic,
    notificationsLocalOnly: flag(options.notificationsLocalOnly, 'notificationsLocalOnly', false),
  };
  if (settings.isLazy && settings.rules.every((rule) => rule.direction === 'in')) {
    throw new BridgeError(
      'BRIDGE_OPTION_INVALID',
      'bridge option: a lazy bridge needs a topic that goes out',
    );
  }
  refuseLoops(settings);
  return settings;
}

function addressesOf({ addresses }: BridgeOptions): readonly Address[] {
  const all = typeof addresses === 'string' ? [addresses] : addresses;
  if (!Array.isArray(all) || all.length === 0)
    throw invalid('addresses', undefined, 'an address, or a list of them');
  return all.map(readAddress);
}

function count(value: unknown, key: string, byDefault: number, least: number, most: number): number {
  if (value === undefined) return byDefault;
  const isWhole =
    typeof value === 'number' && (Number.isSafeInteger(value) || value === Number.POSITIVE_INFINITY);
  if (isWhole && value >= least && value <= most) return value;
  throw invalid(key, value, `a whole number from ${least} to ${most}`);
}

function flag(value: unknown, key: string, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value === 'boolean') return value;
  throw invalid(key, value, 'true or false');
}

function invalid(key: string, value: unknown, right: string): BridgeError {
  const wrong = value === undefined ? `${key} is not known or missing` : `${key} is ${JSON.stringify(value)}`;
  return new BridgeError('BRIDGE_OPTION_INVALID', `bridge option: ${wrong}; it has to be ${right}`);
}
