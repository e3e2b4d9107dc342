import {
  boolean,
  type Check,
  type FieldChecks,
  inner,
  integer,
  nonEmptyText,
  nonEmptyTexts,
  readFields,
  refuse,
} from '@carillon/hooks/checks';
import type { CorsOptions, HttpAuthenticate, HttpBridgeOptions, HttpLimits } from './options.ts';
import { checkOrigins } from './origins.ts';

/** The options, checked, with their defaults. */
export interface HttpSettings {
  /** Without a slash at its end; empty where the host takes it away. */
  readonly path: string;
  readonly authenticate: HttpAuthenticate | undefined;
  readonly realm: string;
  readonly cors: Required<CorsOptions> | undefined;
  readonly trustedProxies: readonly string[];
  readonly forwardedHeader: 'x-forwarded-for' | 'forwarded';
  readonly otherParameters: ReadonlySet<string>;
  readonly limits: HttpLimits;
}

export const defaultHttpLimits: HttpLimits = {
  maximumBodyBytes: 1_048_576,
  bodyTimeout: 30_000,
  acknowledgementTimeout: 30_000,
  maximumRequests: 256,
  maximumTargetBytes: 8192,
  maximumUserProperties: 64,
  maximumStreams: 1000,
  maximumStreamsPerIdentity: 32,
  maximumFilters: 16,
  replayEvents: 1000,
  replayBytes: 524_288,
  streamExpiry: 300,
  receiveMaximum: 32,
  keepAliveInterval: 15_000,
  stallTimeout: 60_000,
  retryDelay: 2000,
};

/** @throws {ImpossibleValue} for an option that cannot be. */
export function readSettings(given: unknown): HttpSettings {
  const options = readFields<HttpBridgeOptions>(given, optionFields);
  const { cors } = options;
  return {
    path: options.path ?? '',
    authenticate: options.authenticate,
    realm: options.realm ?? 'MQTT',
    cors: cors && { credentials: false, maximumAge: 600, ...cors },
    trustedProxies: options.trustedProxies ?? [],
    forwardedHeader: options.forwardedHeader ?? 'x-forwarded-for',
    otherParameters: new Set(options.otherParameters),
    limits: { ...defaultHttpLimits, ...options.limits },
  };
}

const day = 86_400_000;
const bytes = integer(1, 268_435_455);
const milliseconds = integer(1, day);
const count = integer(1, 1_000_000);

const limitFields: FieldChecks<HttpLimits> = {
  maximumBodyBytes: bytes,
  bodyTimeout: milliseconds,
  acknowledgementTimeout: milliseconds,
  maximumRequests: count,
  maximumTargetBytes: integer(64, 1_048_576),
  maximumUserProperties: integer(0, 1_000_000),
  maximumStreams: count,
  maximumStreamsPerIdentity: count,
  maximumFilters: count,
  replayEvents: count,
  replayBytes: bytes,
  streamExpiry: integer(0, 0xffff_fffe),
  receiveMaximum: integer(1, 0xffff),
  keepAliveInterval: milliseconds,
  stallTimeout: milliseconds,
  retryDelay: integer(0, day),
};

const corsFields: FieldChecks<CorsOptions> = {
  origins: checkOrigins,
  credentials: boolean,
  maximumAge: integer(0, 86_400),
};

const cors: Check<CorsOptions> = (value, field) => {
  const { origins, ...rest } = readFields(value, corsFields, field);
  if (origins === undefined) return refuse(`${field}.origins`, origins, 'a list of origins, or "*"');
  if (origins === '*' && rest.credentials === true) {
    return refuse(`${field}.credentials`, true, 'false where all origins are allowed');
  }
  return { origins, ...rest };
};

const path: Check<string> = (value, field) => {
  if (typeof value === 'string' && /^(\/[^/?#\s]+)*$/.test(value)) return value;
  return refuse(field, value, 'a path such as "/mqtt", without a slash at its end');
};

/** Printable ASCII that stands in quotes. */
const realm: Check<string> = (value, field) => {
  const text = nonEmptyText(value, field);
  return /^[\x20-\x7e]+$/.test(text) && !/["\\]/.test(text) ? text : refuse(field, value, 'plain ASCII');
};

const optionFields: FieldChecks<HttpBridgeOptions> = {
  path,
  authenticate: (value, field) => (isAuthenticate(value) ? value : refuse(field, value, 'a function')),
  realm,
  cors,
  trustedProxies: nonEmptyTexts,
  forwardedHeader: (value, field) =>
    value === 'x-forwarded-for' || value === 'forwarded'
      ? value
      : refuse(field, value, '"x-forwarded-for" or "forwarded"'),
  otherParameters: nonEmptyTexts,
  limits: inner(limitFields),
};

function isAuthenticate(value: unknown): value is HttpAuthenticate {
  return typeof value === 'function';
}
