import type { BridgeOptions, BridgeTlsOptions } from '@carillon/bridge-mqtt';

/** A bridge in a configuration file: its options, certificates also by the names of their files. */
export interface BridgeConfiguration extends Omit<BridgeOptions, 'tls'> {
  /** Relative file names start from the folder of the configuration file. */
  readonly tls?: BridgeTlsConfiguration;
}

/** TLS of a bridge. */
export interface BridgeTlsConfiguration extends BridgeTlsOptions {
  /** A file with the authorities that may vouch for the remote broker, instead of `ca`. */
  readonly caFile?: string;
  /** A file with the client certificate, instead of `cert`. */
  readonly certFile?: string;
  /** A file with its key, instead of `key`. */
  readonly keyFile?: string;
}
