import { createSecureContext } from 'node:tls';
import {
  boolean,
  type Check,
  type FieldChecks,
  inner,
  integer,
  isObject,
  messageOf,
  nonEmptyText,
  nonEmptyTexts,
  readFields,
  refuse,
} from '@carillon/hooks/checks';
import { HttpAuthOptionError } from './option-error.ts';
import type { HttpAuthBreaker, HttpAuthCache, HttpAuthOptions, HttpAuthTls } from './options.ts';

/** The options, checked, with their defaults. */
export interface HttpAuthSettings {
  /** Where each question goes; absent when it is not asked. */
  readonly authenticate: URL | undefined;
  readonly authorize: URL | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** In lower case. */
  readonly forwardHeaders: readonly string[];
  readonly tls: HttpAuthTls;
  readonly timeout: number;
  readonly parallel: number;
  readonly waiting: number;
  readonly maximumAnswerSize: number;
  readonly cache: Required<HttpAuthCache>;
  readonly breaker: Required<HttpAuthBreaker>;
}

/** @throws {ImpossibleValue} or {HttpAuthOptionError} for an option that cannot be. */
export function readSettings(given: unknown): HttpAuthSettings {
  const options = readFields<HttpAuthOptions>(objectOf(given), optionFields);
  const { url: text = refuse('url', undefined, 'the address of the service') } = options;
  const base = baseUrl(text, options.allowHttp ?? false);
  const { authenticate = true, authorize = true, tls = {} } = options;
  if (authenticate === false && authorize === false) {
    throw new HttpAuthOptionError('authenticate and authorize are both false: nothing would be asked');
  }
  checkTls(tls);
  return {
    authenticate: pathBehind(base, authenticate, 'authenticate'),
    authorize: pathBehind(base, authorize, 'authorize'),
    headers: options.headers ?? {},
    forwardHeaders: (options.forwardHeaders ?? []).map((name) => name.toLowerCase()),
    tls,
    timeout: options.timeout ?? 3_000,
    parallel: options.parallel ?? 16,
    waiting: options.waiting ?? 1_000,
    maximumAnswerSize: options.maximumAnswerSize ?? 65_536,
    cache: { cacheFor: 5_000, maximumCacheFor: 3_600_000, maximumEntries: 10_000, ...options.cache },
    breaker: { failures: 5, retryAfter: 5_000, ...options.breaker },
  };
}

function objectOf(given: unknown): object {
  return isObject(given) ? given : refuse('(all of them)', given, 'an object with url');
}

function baseUrl(text: string, allowHttp: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new HttpAuthOptionError('url is no address that begins with https:');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new HttpAuthOptionError(
      'url has a user name, a password, a query or a fragment: a secret belongs into headers',
    );
  }
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'http:' && !isHere && !allowHttp) {
    throw new HttpAuthOptionError('url has to begin with https:, or allowHttp has to be true');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function pathBehind(base: URL, path: boolean | string, usual: string): URL | undefined {
  if (path === false) return undefined;
  const url = new URL(path === true ? usual : path.replace(/^\/+/, ''), base);
  if (url.origin === base.origin) return url;
  throw new HttpAuthOptionError(`${usual} leads away from url: it has to be a path`);
}

/** What OpenSSL cannot use is found now, and not at the first client. */
function checkTls(tls: HttpAuthTls): void {
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw new HttpAuthOptionError('tls has cert without key, or key without cert');
  }
  try {
    createSecureContext(pemOf(tls));
  } catch (error) {
    const why = messageOf(error);
    throw new HttpAuthOptionError(`tls cannot be used: ${why}`, error);
  }
}

/** As Node takes it. */
export function pemOf({ ca, cert, key, passphrase }: HttpAuthTls) {
  return {
    ...(ca !== undefined && { ca: bufferOf(ca) }),
    ...(cert !== undefined && { cert: bufferOf(cert) }),
    ...(key !== undefined && { key: bufferOf(key) }),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function bufferOf(pem: string | Uint8Array): Buffer {
  return Buffer.from(pem);
}

const path: Check<boolean | string> = (value, field) =>
  typeof value === 'boolean' ? value : nonEmptyText(value, field);

const pem: Check<string | Uint8Array> = (value, field) => {
  if (value instanceof Uint8Array && value.length > 0) return value;
  return typeof value === 'string' && value !== '' ? value : refuse(field, value, 'PEM, as text or bytes');
};

/** RFC 9110 §5.1, §5.5: what has a line break in it would be two headers. */
const headers: Check<Readonly<Record<string, string>>> = (value, field) => {
  if (!isObject(value)) return refuse(field, value, 'an object from name to text');
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => {
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
        return refuse(`a name in ${field}`, name, 'the name of a header');
      const isText = typeof content === 'string' && /^[\t\x20-\x7e\x80-\xff]*$/.test(content);
      return [name, isText ? content : refuse(`${field}.${name}`, content, 'text that a header can have')];
    }),
  );
};

const tlsFields: FieldChecks<HttpAuthTls> = {
  ca: pem,
  cert: pem,
  key: pem,
  passphrase: nonEmptyText,
  servername: nonEmptyText,
};

const day = 86_400_000;

const cacheFields: FieldChecks<HttpAuthCache> = {
  cacheFor: integer(0, day),
  maximumCacheFor: integer(0, day),
  maximumEntries: integer(0, 10_000_000),
};

const breakerFields: FieldChecks<HttpAuthBreaker> = {
  failures: integer(1, 1_000_000),
  retryAfter: integer(1, day),
};

const optionFields: FieldChecks<HttpAuthOptions> = {
  url: nonEmptyText,
  authenticate: path,
  authorize: path,
  allowHttp: boolean,
  headers,
  forwardHeaders: nonEmptyTexts,
  tls: inner(tlsFields),
  timeout: integer(10, 60_000),
  parallel: integer(1, 1_000),
  waiting: integer(0, 1_000_000),
  maximumAnswerSize: integer(64, 16_777_216),
  cache: inner(cacheFields),
  breaker: inner(breakerFields),
};
