import { createSecureContext } from 'node:tls';
import {
  boolean,
  type Check,
  type FieldChecks,
  ImpossibleValue,
  inner,
  integer,
  messageOf,
  nonEmptyText,
  plainFilter,
  plainFilters,
  readFields,
  refuse,
  topicName,
} from '@carillon/hooks/checks';

import { type AddressGuard, isPublicAddress } from './address-guard.ts';
import { checkHeaders } from './own-headers.ts';
import { BadSecret, checkSecret } from './signing-key.ts';
import type { WebhookBackOff, WebhookOptions, WebhookTlsOptions } from './webhook-options.ts';

/** A webhook's options, checked and complete. */
export interface WebhookSettings {
  readonly id: string;
  readonly url: URL;
  readonly filters: readonly string[];
  readonly qos: 0 | 1;
  readonly retained: boolean;
  readonly secret: WebhookOptions['secret'];
  readonly form: 'payload' | 'json';
  readonly headers: NonNullable<WebhookOptions['headers']>;
  readonly tls: WebhookTlsOptions;
  /** Undefined where every address will do. */
  readonly guard: AddressGuard | undefined;
  readonly concurrency: number;
  readonly timeout: number;
  readonly backOff: Required<WebhookBackOff>;
  readonly maximumRetryAfter: number;
  readonly undeliverable: Undeliverable;
  readonly maximumAttempts: number;
  readonly maximumAge: number;
  readonly maximumPayloadSize: number;
  readonly maximumAnswerSize: number;
}

/** What becomes of a message that the receiver does not take. */
export type Undeliverable =
  /** It stays, and is tried again without end. */
  | { readonly kind: 'keep' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'dead-letter'; readonly topic: string };

/**
 * @param path Names the options in messages, such as `hooks[0]`.
 * @throws {ImpossibleValue}
 */
export function settleWebhook(given: unknown, path: string): WebhookSettings {
  const options = readFields<WebhookOptions>(given, fields, path);
  const at = (field: keyof WebhookOptions): string => `${path}.${field}`;
  const { id = refuse(at('id'), undefined, idForm), filters, tls = {} } = options;
  const { url: text = refuse(at('url'), undefined, 'the address of the receiver') } = options;
  const { minimum = 1000, maximum = Math.max(300_000, minimum) } = options.backOff ?? {};
  if (maximum < minimum) throw new ImpossibleValue(`${at('backOff')}.maximum is less than minimum.`);
  checkTls(tls, at('tls'));
  return {
    id,
    url: receiverUrl(text, options.allowHttp ?? false, at('url')),
    filters: filterList(filters, at('filters')),
    qos: options.qos ?? 1,
    retained: options.retained ?? false,
    secret: options.secret,
    form: options.form ?? 'payload',
    headers: options.headers ?? {},
    tls,
    guard: guardOf(options.allow),
    concurrency: options.concurrency ?? 1,
    timeout: options.timeout ?? 10_000,
    backOff: { minimum, maximum },
    maximumRetryAfter: options.maximumRetryAfter ?? 3_600_000,
    undeliverable: undeliverableOf(options, path),
    maximumAttempts: options.maximumAttempts ?? 16,
    maximumAge: options.maximumAge ?? Number.POSITIVE_INFINITY,
    maximumPayloadSize: options.maximumPayloadSize ?? 1_048_576,
    maximumAnswerSize: options.maximumAnswerSize ?? 65_536,
  };
}

function receiverUrl(text: string, allowHttp: boolean, field: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ImpossibleValue(`${field} is no address that begins with https:.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ImpossibleValue(`${field} has a user name or a password: they belong into headers.`);
  }
  if (url.hash !== '') throw new ImpossibleValue(`${field} has a fragment, which is never sent.`);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !isHere && !allowHttp) {
    throw new ImpossibleValue(`${field} has to begin with https:, or allowHttp has to be true.`);
  }
  return url;
}

function filterList(filters: string | readonly string[] | undefined, field: string): readonly string[] {
  const list = typeof filters === 'string' ? [filters] : (filters ?? []);
  if (list.length === 0)
    throw new ImpossibleValue(`${field} is missing: it must be a topic filter, or some.`);
  return [...new Set(list)];
}

function guardOf(allow: WebhookOptions['allow'] = 'any'): AddressGuard | undefined {
  if (allow === 'any') return undefined;
  return allow === 'public' ? isPublicAddress : allow;
}

function undeliverableOf(options: Partial<WebhookOptions>, path: string): Undeliverable {
  const { deadLetterTopic, dropUndeliverable = false, maximumAttempts, maximumAge } = options;
  if (deadLetterTopic !== undefined) {
    if (!dropUndeliverable) return { kind: 'dead-letter', topic: deadLetterTopic };
    throw new ImpossibleValue(
      `${path} has both deadLetterTopic and dropUndeliverable: leave one of them out.`,
    );
  }
  if (dropUndeliverable) return { kind: 'drop' };
  if (maximumAttempts === undefined && maximumAge === undefined) return { kind: 'keep' };
  const limit = maximumAttempts === undefined ? 'maximumAge' : 'maximumAttempts';
  throw new ImpossibleValue(
    `${path}.${limit} says when a message is given up, and nothing says what becomes of it: give deadLetterTopic or dropUndeliverable.`,
  );
}

/** What OpenSSL cannot use is found now, and not at the first message. */
function checkTls(tls: WebhookTlsOptions, field: string): void {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new ImpossibleValue(`${field} has cert without key, or key without cert.`);
  }
  try {
    createSecureContext(pemOf(tls));
  } catch (error) {
    const why = messageOf(error);
    throw new ImpossibleValue(`${field} cannot be used: ${why}.`);
  }
}

/** As Node takes it. */
export function pemOf({ ca, cert, key, passphrase }: WebhookTlsOptions) {
  return {
    ...(ca !== undefined && { ca: Buffer.from(ca) }),
    ...(cert !== undefined && { cert: Buffer.from(cert) }),
    ...(key !== undefined && { key: Buffer.from(key) }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

const idForm = 'up to 40 letters, digits, "_", "-" and "."';

const id: Check<string> = (value, field) =>
  typeof value === 'string' && /^[\w.-]{1,40}$/.test(value) ? value : refuse(field, value, idForm);

const filters: Check<string | readonly string[]> = (value, field) =>
  typeof value === 'string' ? plainFilter(value, field) : plainFilters(value, field);

const qos: Check<0 | 1> = (value, field) =>
  value === 0 || value === 1 ? value : refuse(field, value, '0 or 1');

const secret: Check<NonNullable<WebhookOptions['secret']>> = (value, field) => {
  if (isFunction(value)) return value;
  try {
    return checkSecret(value);
  } catch (error) {
    if (!(error instanceof BadSecret)) throw error;
    throw new ImpossibleValue(`${field} cannot be used: ${error.message}.`);
  }
};

const headers: Check<NonNullable<WebhookOptions['headers']>> = (value, field) =>
  isFunction(value) ? value : checkHeaders(value, field);

const form: Check<'payload' | 'json'> = (value, field) =>
  value === 'payload' || value === 'json' ? value : refuse(field, value, '"payload" or "json"');

const allow: Check<NonNullable<WebhookOptions['allow']>> = (value, field) => {
  if (value === 'any' || value === 'public' || isFunction(value)) return value;
  return refuse(field, value, '"any", "public" or a function');
};

const pem: Check<string | Uint8Array> = (value, field) => {
  if (value instanceof Uint8Array && value.length > 0) return value;
  return typeof value === 'string' && value !== '' ? value : refuse(field, value, 'PEM, as text or bytes');
};

/** Narrow by what a function is asked for: its answers are checked when they come. */
function isFunction(value: unknown): value is () => never {
  return typeof value === 'function';
}

function integerOrInfinity(minimum: number, maximum: number): Check<number> {
  const whole = integer(minimum, maximum);
  return (value, field) => (value === Number.POSITIVE_INFINITY ? value : whole(value, field));
}

const day = 86_400_000;

const fields: FieldChecks<WebhookOptions> = {
  id,
  url: nonEmptyText,
  filters,
  qos,
  retained: boolean,
  secret,
  form,
  headers,
  tls: inner<WebhookTlsOptions>({
    ca: pem,
    cert: pem,
    key: pem,
    passphrase: nonEmptyText,
    serverName: nonEmptyText,
  }),
  allowHttp: boolean,
  allow,
  concurrency: integer(1, 64),
  timeout: integer(10, 600_000),
  backOff: inner<WebhookBackOff>({ minimum: integer(1, day), maximum: integer(1, day) }),
  maximumRetryAfter: integer(0, 7 * day),
  deadLetterTopic: topicName,
  dropUndeliverable: boolean,
  maximumAttempts: integerOrInfinity(1, 1_000_000),
  maximumAge: integerOrInfinity(1, 366 * 86_400),
  maximumPayloadSize: integer(0, 268_435_455),
  maximumAnswerSize: integer(0, 16_777_216),
};
