import type { WebhookOptions, WebhookSecret } from '@carillon/bridge-http';
import type { Plugin } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { type Fields, isObject, listOf, refuse } from '../checked-values.ts';
import { CommandError } from '../command-error.ts';
import { checkTlsFiles, readFile, readTlsFiles } from './tls-files.ts';
import type { WebhookConfiguration } from './webhook-configuration.ts';

/** The webhooks of a configuration. */
export interface SettledWebhooks {
  /** For `--check`: without what is secret. */
  readonly shown: readonly unknown[];
  /** @throws {CommandError} naming the webhook, when something is wrong with its options, files or variables. */
  make(): Promise<Plugin>;
}

const secretKeys = ['secret', 'secretFile', 'secretVariable'] as const;

/**
 * Checks the form of `webhooks` in a file.
 *
 * @throws {CommandError} for what is no list of objects, and for what is given in two ways.
 */
export function checkWebhooks(value: unknown): void {
  for (const [place, webhook] of listOf(value, 'webhooks').entries()) {
    const path = `webhooks[${place}]`;
    if (!isObject(webhook)) refuse(path, webhook, 'an object');
    const [one, other] = secretKeys.filter((key) => webhook[key] !== undefined);
    if (other !== undefined)
      throw new CommandError(`${path} has both ${one} and ${other}: leave one of them out`);
    checkName(webhook, 'secretFile', path, 'the name of a file');
    checkName(webhook, 'secretVariable', path, 'the name of an environment variable');
    const { tls } = webhook;
    checkTlsFiles(tls, `${path}.tls`);
  }
}

function checkName(webhook: Fields, key: string, path: string, right: string): void {
  const value = webhook[key];
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    refuse(`${path}.${key}`, value, right);
}

/**
 * @param webhooks As {@link checkWebhooks} has found them good.
 * @param folder Where relative file names start.
 */
export function settleWebhooks(webhooks: readonly WebhookConfiguration[], folder: string): SettledWebhooks {
  return {
    shown: webhooks.map((webhook) => ({ ...webhook, ...hidden(webhook) })),
    async make() {
      const { webhooks: makeWebhooks } = await import('@carillon/bridge-http');
      const hooks = webhooks.map((webhook, place) => withSecrets(webhook, `webhooks[${place}]`, folder));
      try {
        return makeWebhooks({ hooks });
      } catch (error) {
        throw new CommandError(messageOf(error), 1, error);
      }
    },
  };
}

/** The path of a URL is often a secret, and headers are. */
function hidden({ url, headers }: WebhookConfiguration): Fields {
  const origin = URL.canParse(url) ? new URL(url).origin : undefined;
  const names = typeof headers === 'object' ? Object.keys(headers) : [];
  return {
    ...(origin !== undefined && { url: `${origin}/(hidden)` }),
    ...(names.length > 0 && { headers: Object.fromEntries(names.map((name) => [name, '(hidden)'])) }),
  };
}

function withSecrets(webhook: WebhookConfiguration, path: string, folder: string): WebhookOptions {
  const { secretFile: _file, secretVariable: _variable, tls, secret: given, ...options } = webhook;
  const secret = given ?? secretFrom(webhook, path, folder);
  return {
    ...options,
    ...(secret !== undefined && { secret }),
    ...(tls !== undefined && { tls: withFiles(tls, `${path}.tls`, folder) }),
  };
}

function withFiles(tls: NonNullable<WebhookConfiguration['tls']>, path: string, folder: string) {
  const { caFile: _ca, certFile: _cert, keyFile: _key, ...others } = tls;
  return { ...others, ...readTlsFiles(tls, path, folder) };
}

function secretFrom(
  { secretFile, secretVariable }: WebhookConfiguration,
  path: string,
  folder: string,
): WebhookSecret | undefined {
  if (secretFile !== undefined) {
    return secretsIn(readFile(secretFile, `${path}.secretFile`, folder), `${path}.secretFile`);
  }
  if (secretVariable === undefined) return undefined;
  const value = process.env[secretVariable];
  if (value !== undefined) return secretsIn(value, `${path}.secretVariable`);
  throw new CommandError(`${path}.secretVariable: there is no environment variable ${secretVariable}`);
}

/** One, or several with white space between them. */
function secretsIn(text: string, path: string): WebhookSecret {
  const secrets = text.split(/\s+/).filter((secret) => secret !== '');
  if (secrets.length > 0) return secrets;
  throw new CommandError(`${path} has no secret in it`);
}
