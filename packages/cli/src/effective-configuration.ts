import { dirname, resolve } from 'node:path';
import { type EngineSettings, type Limits, settleOptions } from '@carillon/broker';
import type { Plugin } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { type BrokerOptions, checkListenOptions, type ListenOptions } from 'carillon';
import { type SettledAuth, settleAuth } from './auth/settle-auth.ts';
import { type SettledBridges, settleBridges } from './bridges/settle-bridges.ts';
import { type SettledWebhooks, settleWebhooks } from './bridges/settle-webhooks.ts';
import { CommandError, usageError } from './command-error.ts';
import { flagOf, listenersOfFlags } from './command-line-listeners.ts';
import type { Configuration, ListenerConfiguration, LogLevel } from './configuration.ts';
import { readConfigurationFile } from './configuration-file.ts';
import type { Flags } from './flags.ts';
import { readsRequests, type SettledHttp, settleHttp } from './http/settle-http.ts';
import { listenOptionsOf, type NameOfKey } from './listener-files.ts';
import { authenticates, refuseOpenListeners } from './loopback-rule.ts';
import { type EffectiveStore, settleStore } from './store-configuration.ts';

/** What the broker will run with: flags over the file over the defaults, all of it checked. */
export interface EffectiveConfiguration {
  readonly file: string | undefined;
  readonly listeners: readonly EffectiveListener[];
  readonly broker: BrokerOptions;
  /** `broker` with every default in place, to be shown. */
  readonly settings: EngineSettings;
  /** What `auth` asks for, in order. */
  readonly auth: readonly SettledAuth[];
  readonly bridges: SettledBridges | undefined;
  readonly http: SettledHttp | undefined;
  readonly webhooks: SettledWebhooks | undefined;
  /** Those that the file brings itself. */
  readonly plugins: readonly Plugin[];
  /** Whether a client has to say who he is. */
  readonly isAsked: boolean;
  readonly allowAnonymous: boolean;
  readonly logLevel: LogLevel;
  readonly closeWithin: number;
  readonly store: EffectiveStore;
}

/** A listener in both forms. */
export interface EffectiveListener {
  /** As it was written, with the default host: file names, not contents. */
  readonly written: ListenerConfiguration;
  readonly options: ListenOptions;
  /** Makes an error of a sentence that begins with a key: it then names the flag, or the place in the file. */
  readonly refusal: Refusal;
}

type Refusal = (message: string) => CommandError;

const defaultHost = '127.0.0.1';

/** @throws {CommandError} naming the key or flag, the value and what would be right. */
export async function settleConfiguration(flags: Flags): Promise<EffectiveConfiguration> {
  const file = flags.config;
  const configuration = file === undefined ? {} : await readConfigurationFile(file);
  const store = settleStore(configuration, flags);
  const broker = brokerOptions(configuration, flags, store);
  const plugins = configuration.plugins ?? [];
  const auth = settleAuthOf(configuration, flags);
  const isAsked = plugins.some(authenticates) || auth.some(({ kind }) => kind === 'authenticates');
  const allowAnonymous = flags.allowAnonymous || configuration.allowAnonymous === true;
  const settings = settle(broker, file);
  const listeners = settleListeners(configuration, flags);
  refuseOpenListeners(listeners, isAsked || allowAnonymous);
  const http = await settleHttpOf(configuration, listeners, file);
  return {
    file,
    listeners: http === undefined ? listeners : listeners.map((listener) => answering(listener, http)),
    broker,
    settings,
    auth,
    bridges: settleBridgesOf(configuration, flags),
    http,
    webhooks: settleWebhooksOf(configuration, flags),
    plugins,
    isAsked,
    allowAnonymous,
    logLevel: flags.logLevel ?? configuration.logLevel ?? 'info',
    closeWithin: configuration.closeWithin ?? 5000,
    store,
  };
}

function brokerOptions(
  { broker = {}, durability }: Configuration,
  flags: Flags,
  store: EffectiveStore,
): BrokerOptions {
  const promise = store.kind === 'folder' ? store.durability : (flags.durability ?? durability);
  const limits: Partial<Limits> = {
    ...broker.limits,
    ...(flags.maximumConnections !== undefined && { maximumConnections: flags.maximumConnections }),
    ...(flags.maximumPacketSize !== undefined && { maximumPacketSize: flags.maximumPacketSize }),
    ...(flags.maximumQueuedMessages !== undefined && { maximumQueuedMessages: flags.maximumQueuedMessages }),
  };
  return { ...broker, ...(promise !== undefined && { durability: promise }), limits };
}

function settle(broker: BrokerOptions, file: string | undefined): EngineSettings {
  try {
    return settleOptions(broker);
  } catch (error) {
    // Flags were checked one by one: what is left to be wrong is in the file.
    throw new CommandError(`${file}: in broker, ${messageOf(error)}`, 1, error);
  }
}

function settleAuthOf({ auth }: Configuration, flags: Flags): readonly SettledAuth[] {
  try {
    return settleAuth(auth, flags, folderOfFile(flags));
  } catch (error) {
    throw new CommandError(`${flags.config}: ${messageOf(error)}`, 1, error);
  }
}

function settleBridgesOf({ bridges }: Configuration, flags: Flags): SettledBridges | undefined {
  return bridges === undefined ? undefined : settleBridges(bridges, folderOfFile(flags));
}

async function settleHttpOf(
  { http }: Configuration,
  listeners: readonly EffectiveListener[],
  file: string | undefined,
): Promise<SettledHttp | undefined> {
  if (http === undefined) return undefined;
  try {
    return await settleHttp(
      http,
      listeners.map(({ written }) => written),
    );
  } catch (error) {
    throw new CommandError(`${file}: ${messageOf(error)}`, 1, error);
  }
}

/** A handler that the file brings itself stays. */
function answering(listener: EffectiveListener, { bridge }: SettledHttp): EffectiveListener {
  if (!readsRequests(listener.written)) return listener;
  return { ...listener, options: { onRequest: bridge.handler, ...listener.options } };
}

function settleWebhooksOf({ webhooks }: Configuration, flags: Flags): SettledWebhooks | undefined {
  return webhooks === undefined ? undefined : settleWebhooks(webhooks, folderOfFile(flags));
}

/** Where relative file names of the file start. */
function folderOfFile({ config = '' }: Flags): string {
  return dirname(resolve(config));
}

function settleListeners(configuration: Configuration, flags: Flags): readonly EffectiveListener[] {
  const asked = listenersOfFlags(flags);
  if (asked.length > 0) return asked.map(settleAskedListener);
  const { listeners } = configuration;
  if (listeners === undefined) return [settleAskedListener({ port: 1883, host: flags.host ?? defaultHost })];
  if (flags.host !== undefined) {
    throw usageError(
      `--host is for listeners of the command line, and ${flags.config} has its own: add --port, or leave --host out`,
    );
  }
  const folder = folderOfFile(flags);
  return listeners.map((listener, place) => {
    const nameOf = (key: string): string => `${flags.config}: listeners[${place}].${key}`;
    return settleListener(listener, nameOf, folder, (message) => new CommandError(nameOf(message)));
  });
}

function settleAskedListener(listener: ListenerConfiguration): EffectiveListener {
  return settleListener(listener, flagOf, process.cwd(), (message) => usageError(flagOf(message)));
}

function settleListener(
  listener: ListenerConfiguration,
  nameOf: NameOfKey,
  folder: string,
  refusal: Refusal,
): EffectiveListener {
  const isWithoutHost = listener.path === undefined && listener.host === undefined;
  const written = isWithoutHost ? { ...listener, host: defaultHost } : listener;
  const options = listenOptionsOf(written, nameOf, folder);
  try {
    checkListenOptions(options);
  } catch (error) {
    throw refusal(messageOf(error));
  }
  return { written, options, refusal };
}
