import { createSecretKey } from 'node:crypto';
import {
  boolean,
  bytes,
  type Check,
  type FieldChecks,
  integer,
  isObject,
  nonEmptyText,
  readFields,
  refuse,
} from '@carillon/hooks/checks';
import type { JwtAlgorithm } from './algorithms.ts';
import { KeyFile } from './key-file.ts';
import { GivenKeys, type KeyHolder } from './key-holder.ts';
import { KeyUrl } from './key-url.ts';
import { JwtOptionError } from './option-error.ts';
import type { JwkSource, KeyFileSource, KeyUrlSource, PemSource, SecretSource } from './options.ts';
import { type KeyReading, readJson, readKeys } from './read-keys.ts';
import { bindKey, KeyFault } from './verification-key.ts';

/**
 * Makes the holders of the keys that the options name. Keys that were given and files are read here and now: where
 * they cannot be used, nothing starts.
 *
 * @throws {JwtOptionError}
 */
export function keyHolders(given: unknown, allowed: ReadonlySet<JwtAlgorithm>): readonly KeyHolder[] {
  const sources: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (sources.length === 0) return refuse('keys', given, 'a source of keys, or a list with some');
  return sources.map((source, place) => {
    const name = Array.isArray(given) ? `keys[${place}]` : 'keys';
    try {
      return holderOf(source, name, { allowed, secrets: true });
    } catch (error) {
      const isAboutKeys = error instanceof KeyFault || (error instanceof Error && 'syscall' in error);
      throw isAboutKeys ? new JwtOptionError(`${name} cannot be used: ${error.message}`, error) : error;
    }
  });
}

function holderOf(source: unknown, name: string, reading: KeyReading): KeyHolder {
  const wanted = 'an object with secret, pem, jwk, file or url';
  if (!isObject(source)) return refuse(name, source, wanted);
  if ('secret' in source) return secretHolder(source, name, reading);
  if ('pem' in source) {
    const { pem = '', kid } = readFields<PemSource>(source, { pem: nonEmptyText, kid: nonEmptyText }, name);
    return new GivenKeys(readKeys(pem, reading, kid).keys);
  }
  if ('jwk' in source) {
    const { jwk } = readFields<JwkSource>(source, { jwk: anObject }, name);
    return new GivenKeys(readJson(jwk, reading).keys);
  }
  if ('file' in source) {
    const { file = '', watchInterval = 2_000 } = readFields<KeyFileSource>(source, fileFields, name);
    return new KeyFile({ file, watchInterval, reading });
  }
  if ('url' in source) return urlHolder(source, name, reading);
  return refuse(name, source, wanted);
}

function secretHolder(source: object, name: string, { allowed }: KeyReading): KeyHolder {
  const { secret = '', kid } = readFields<SecretSource>(source, secretFields, name);
  const key = createSecretKey(typeof secret === 'string' ? Buffer.from(secret) : secret);
  return new GivenKeys([bindKey(key, allowed, { kid })]);
}

function urlHolder(source: object, name: string, { allowed }: KeyReading): KeyHolder {
  const options = readFields<KeyUrlSource>(source, urlFields, name);
  const { url = '', allowHttp = false, headers = {} } = options;
  checkUrl(url, allowHttp, name);
  return new KeyUrl({
    address: { url, headers, fetch: options.fetch ?? fetch },
    refreshEvery: options.refreshEvery ?? 600_000,
    cooldown: options.cooldown ?? 30_000,
    timeout: options.timeout ?? 3_000,
    keepFor: options.keepFor ?? 86_400_000,
    // Who can change what a URL answers would otherwise choose the secret.
    reading: { allowed, secrets: false },
  });
}

/** Who can answer in the place of the URL lets in whom he likes. */
function checkUrl(text: string, allowHttp: boolean, name: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new JwtOptionError(`${name}.url is no address that begins with https:`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new JwtOptionError(`${name}.url has a user name or a password: give them in headers`);
  }
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol === 'https:' || isHere || allowHttp) return;
  throw new JwtOptionError(`${name}.url has to begin with https:, or allowHttp has to be true`);
}

const anObject: Check<object> = (value, field) =>
  isObject(value) ? value : refuse(field, value, 'an object');

const secretFields: FieldChecks<SecretSource> = {
  secret: (value, field) => (typeof value === 'string' ? value : bytes(value, field)),
  kid: nonEmptyText,
};

const fileFields: FieldChecks<KeyFileSource> = {
  file: nonEmptyText,
  watchInterval: integer(10, 3_600_000),
};

const texts: Check<Readonly<Record<string, string>>> = (value, field) => {
  const entries = Object.entries(anObject(value, field));
  return Object.fromEntries(entries.map(([name, text]) => [name, nonEmptyText(text, `${field}.${name}`)]));
};

const urlFields: FieldChecks<KeyUrlSource> = {
  url: nonEmptyText,
  allowHttp: boolean,
  headers: texts,
  refreshEvery: integer(1_000, 86_400_000),
  cooldown: integer(1_000, 3_600_000),
  timeout: integer(10, 60_000),
  keepFor: integer(1_000, 366 * 86_400_000),
  fetch: (value, field) => (isFetch(value) ? value : refuse(field, value, 'a function like fetch')),
};

function isFetch(value: unknown): value is typeof fetch {
  return typeof value === 'function';
}
