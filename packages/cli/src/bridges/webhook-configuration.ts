import type { WebhookOptions, WebhookTlsOptions } from '@carillon/bridge-http';

/** A webhook in a configuration file: its options, secrets and certificates also by where they are. */
export interface WebhookConfiguration extends Omit<WebhookOptions, 'secret' | 'tls'> {
  /** As `webhooks` takes it. Better kept elsewhere: see `secretFile` and `secretVariable`. */
  readonly secret?: WebhookOptions['secret'];
  /** A file with the secret, or with several, each on a line of its own; read at the start. */
  readonly secretFile?: string;
  /** The environment variable that has the secret, or several with spaces between them. */
  readonly secretVariable?: string;
  readonly tls?: WebhookTlsConfiguration;
}

/** TLS of a webhook. Relative file names start from the folder of the configuration file. */
export interface WebhookTlsConfiguration extends WebhookTlsOptions {
  /** A file with the authorities that may vouch for the receiver, instead of `ca`. */
  readonly caFile?: string;
  /** A file with the client certificate, instead of `cert`. */
  readonly certFile?: string;
  /** A file with its key, instead of `key`. */
  readonly keyFile?: string;
}
