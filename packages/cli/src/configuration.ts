import type { HttpBridgeOptions } from '@carillon/bridge-http';
import type { Plugin } from '@carillon/hooks';
import type { BrokerOptions, TcpListenOptions, TlsIdentity, TlsOptions, UnixListenOptions } from 'carillon';
import type { AuthConfiguration } from './auth/auth-table.ts';
import type { BridgeConfiguration } from './bridges/bridge-configuration.ts';
import type { WebhookConfiguration } from './bridges/webhook-configuration.ts';
import type { FolderDurability } from './store-configuration.ts';

/** What is written to the log: messages of this level and above; `silent` for none. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Everything the `carillon` command can be told, in a file for `--config`. */
export interface Configuration {
  /**
   * Where to listen. Default: TCP port 1883 of 127.0.0.1. A listener without `host` takes 127.0.0.1 too: what can
   * be reached from elsewhere is always said.
   */
  readonly listeners?: readonly ListenerConfiguration[];
  /** Options of the broker: limits, what it offers, how it queues, its store. */
  readonly broker?: Omit<BrokerOptions, 'logger' | 'version' | 'clock' | 'scheduler' | 'random'>;
  /**
   * The folder in which sessions and messages are kept; made when it is not there. Relative to the folder of the
   * file. Default: `carillon-data` in the folder in which the command runs.
   */
  readonly data?: string;
  /** Keeps sessions and messages in memory only: nothing is left when the broker stops. Default false. */
  readonly memory?: boolean;
  /**
   * What an acknowledgement promises of the folder: `synced` survives a power cut, `written` the death of the
   * process. Default `synced`.
   */
  readonly durability?: FolderDurability;
  /** Who may connect, and what he may do. Default: nobody is asked, and listeners are on this machine only. */
  readonly auth?: AuthConfiguration;
  /** Bridges to other brokers. */
  readonly bridges?: readonly BridgeConfiguration[];
  /**
   * Lets programs in that speak HTTP: the listeners with `websocket` answer their requests. Options of `httpBridge`;
   * `{}` for its defaults.
   */
  readonly http?: HttpBridgeOptions;
  /** Webhooks: messages that are sent to URLs by POST. */
  readonly webhooks?: readonly WebhookConfiguration[];
  /** Registered in this order, after the guards of `auth` and before the rest of it. A JSON file cannot have any. */
  readonly plugins?: readonly Plugin[];
  /** Lets listeners be reached from other machines although nobody is asked who he is. Default false. */
  readonly allowAnonymous?: boolean;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
  /** Milliseconds that clients have to take what was sent to them when the broker stops. Default 5000. */
  readonly closeWithin?: number;
}

/** A listener, its certificates given as they are or by the names of their files. */
export type ListenerConfiguration = TcpListenerConfiguration | UnixListenerConfiguration;

/** A listener on a TCP port. */
export type TcpListenerConfiguration = Omit<TcpListenOptions, 'tls'> & { readonly tls?: TlsConfiguration };

/** A listener on a Unix socket. */
export type UnixListenerConfiguration = Omit<UnixListenOptions, 'mode'> & {
  /** Permissions of the file, as a number or in octal digits: `"0660"`. */
  readonly mode?: number | string;
};

/** A certificate and its key. Relative file names start from the folder of the configuration file. */
export interface IdentityConfiguration extends Partial<TlsIdentity> {
  /** A file with the certificate chain in PEM, instead of `cert`. */
  readonly certFile?: string;
  /** A file with the private key in PEM, instead of `key`. */
  readonly keyFile?: string;
  /** A file with the authorities that vouch for client certificates, instead of `ca`. */
  readonly caFile?: string;
}

/** TLS for a listener. */
export interface TlsConfiguration
  extends IdentityConfiguration,
    Pick<TlsOptions, 'requestCert' | 'rejectUnauthorized' | 'minVersion'> {
  /** Other certificates, by the server name that the client asks for. */
  readonly sni?: Readonly<Record<string, IdentityConfiguration>>;
}

/**
 * Gives a configuration its types as it is written; returns it as it is.
 *
 * @example
 * ```ts
 * // carillon.config.js, for: carillon --config carillon.config.js
 * import { defineConfig } from '@carillon/cli';
 *
 * export default defineConfig({
 *   listeners: [{ port: 1883 }, { port: 8080, websocket: { path: '/mqtt' } }],
 *   broker: { limits: { maximumPacketSize: 65_536 } },
 *   plugins: [{ name: 'friends', hooks: { authenticate: ({ username }) => username === 'friend' } }],
 * });
 * ```
 */
export function defineConfig(configuration: Configuration): Configuration {
  return configuration;
}
