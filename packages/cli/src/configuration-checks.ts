import { type EngineOptions, limitRanges } from '@carillon/broker';
import type { ProxyProtocolOptions, WebSocketOptions } from 'carillon';
import { checkAuth } from './auth/settle-auth.ts';
import { checkBridges } from './bridges/settle-bridges.ts';
import { checkWebhooks } from './bridges/settle-webhooks.ts';
import { type Fields, isObject, listOf, objectWith, optionalObject, refuse } from './checked-values.ts';
import { CommandError } from './command-error.ts';
import type {
  Configuration,
  IdentityConfiguration,
  ListenerConfiguration,
  LogLevel,
  TlsConfiguration,
} from './configuration.ts';

type KeysOf<T> = Readonly<Record<T extends unknown ? keyof T : never, 0>>;

const configurationKeys: KeysOf<Configuration> = {
  listeners: 0,
  broker: 0,
  data: 0,
  memory: 0,
  durability: 0,
  auth: 0,
  bridges: 0,
  http: 0,
  webhooks: 0,
  plugins: 0,
  allowAnonymous: 0,
  logLevel: 0,
  closeWithin: 0,
};

const brokerKeys: KeysOf<Omit<EngineOptions, 'logger' | 'version'>> = {
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
};

const listenerKeys: KeysOf<ListenerConfiguration> = {
  port: 0,
  host: 0,
  tls: 0,
  path: 0,
  mode: 0,
  websocket: 0,
  onRequest: 0,
  proxyProtocol: 0,
  backlog: 0,
  maxHandshakes: 0,
  handshakeTimeout: 0,
  lingerTimeout: 0,
  onRefused: 0,
  onError: 0,
};

const identityKeys: KeysOf<IdentityConfiguration> = {
  cert: 0,
  certFile: 0,
  key: 0,
  keyFile: 0,
  passphrase: 0,
  ca: 0,
  caFile: 0,
};

const tlsKeys: KeysOf<TlsConfiguration> = {
  ...identityKeys,
  sni: 0,
  requestCert: 0,
  rejectUnauthorized: 0,
  minVersion: 0,
};

const websocketKeys: KeysOf<WebSocketOptions> = {
  path: 0,
  origins: 0,
  requireSubprotocol: 0,
  maxPayload: 0,
  trustedProxies: 0,
  forwardedHeader: 0,
};

const proxyProtocolKeys: KeysOf<ProxyProtocolOptions> = { trusted: 0, required: 0 };

const logLevels: KeysOf<Record<LogLevel, 0>> = { debug: 0, info: 0, warn: 0, error: 0, silent: 0 };

/**
 * Checks the form of what a file contains: that every key is known, and the values that are the command's own.
 * The values of broker options and listeners are checked by those who use them.
 *
 * @throws {CommandError} naming the key, the value and what would be right.
 */
export function checkConfiguration(value: unknown): asserts value is Configuration {
  const configuration = objectWith(configurationKeys, value, '');
  const { broker, listeners, auth, bridges, http, webhooks, plugins } = configuration;
  const { limits, persistence } = optionalObject(brokerKeys, broker, 'broker');
  optionalObject(limitRanges, limits, 'broker.limits');
  if (persistence !== undefined) checkStore(persistence);
  listOf(listeners, 'listeners').forEach(checkListener);
  listOf(plugins, 'plugins').forEach((plugin, place) => {
    if (!isObject(plugin))
      refuse(`plugins[${place}]`, plugin, 'a plugin, from a module: JSON cannot have one');
  });
  checkAuth(auth);
  checkBridges(bridges);
  if (http !== undefined && !isObject(http))
    refuse('http', http, 'an object with options of the HTTP bridge');
  checkWebhooks(webhooks);
  checkOwnValues(configuration);
  checkStoreValues(configuration);
}

function checkOwnValues({ allowAnonymous, logLevel, closeWithin }: Fields): void {
  if (allowAnonymous !== undefined && typeof allowAnonymous !== 'boolean') {
    refuse('allowAnonymous', allowAnonymous, 'true or false');
  }
  if (logLevel !== undefined && (typeof logLevel !== 'string' || !Object.hasOwn(logLevels, logLevel))) {
    refuse('logLevel', logLevel, Object.keys(logLevels).join(', '));
  }
  const isTime = typeof closeWithin === 'number' && closeWithin >= 0 && closeWithin <= 3_600_000;
  if (closeWithin !== undefined && !isTime) {
    refuse('closeWithin', closeWithin, 'milliseconds from 0 to 3600000');
  }
}

function checkStoreValues({ data, memory, durability }: Fields): void {
  if (data !== undefined && (typeof data !== 'string' || data === '')) {
    refuse('data', data, 'the name of a folder');
  }
  if (memory !== undefined && typeof memory !== 'boolean') refuse('memory', memory, 'true or false');
  if (durability !== undefined && durability !== 'synced' && durability !== 'written') {
    refuse('durability', durability, '"synced" or "written"');
  }
}

function checkStore(value: unknown): void {
  const { commit } = isObject(value) ? value : {};
  if (typeof commit !== 'function') {
    refuse('broker.persistence', value, 'a store, from a module: JSON cannot have one');
  }
}

function checkListener(value: unknown, place: number): void {
  const path = `listeners[${place}]`;
  const listener = objectWith(listenerKeys, value, path);
  const { mode, websocket, proxyProtocol, tls } = listener;
  if (typeof mode === 'string' && !/^0?[0-7]{3}$/.test(mode)) {
    refuse(`${path}.mode`, mode, 'permissions in octal digits such as "0660"');
  }
  if (typeof websocket !== 'boolean') optionalObject(websocketKeys, websocket, `${path}.websocket`);
  optionalObject(proxyProtocolKeys, proxyProtocol, `${path}.proxyProtocol`);
  checkTls(tls, `${path}.tls`);
}

function checkTls(value: unknown, path: string): void {
  if (value === undefined) return;
  const tls = objectWith(tlsKeys, value, path);
  checkFiles(tls, path);
  const { sni = {} } = tls;
  if (!isObject(sni)) refuse(`${path}.sni`, sni, 'an object from server name to certificate');
  for (const [name, identity] of Object.entries(sni)) {
    checkFiles(objectWith(identityKeys, identity, `${path}.sni.${name}`), `${path}.sni.${name}`);
  }
}

function checkFiles(identity: Fields, path: string): void {
  for (const key of ['cert', 'key', 'ca']) {
    const file = identity[`${key}File`];
    if (file === undefined) continue;
    if (typeof file !== 'string' || file === '') refuse(`${path}.${key}File`, file, 'the name of a PEM file');
    if (identity[key] !== undefined) {
      throw new CommandError(`${path} has both ${key} and ${key}File: leave one of them out`);
    }
  }
}
