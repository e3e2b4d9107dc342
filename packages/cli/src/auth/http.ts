import { readFileSync } from 'node:fs';
import type { HttpAuthBreaker, HttpAuthCache, HttpAuthOptions, HttpAuthTls } from '@carillon/auth-http';
import {
  fields,
  fileName,
  listOfForm,
  type OptionForm,
  required,
  secretText,
  text,
  wholeNumber,
  yesOrNo,
} from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';
import { secretHeaders } from './secret-headers.ts';

/** A service of your own: the options of `httpAuth`, with files in the place of PEM. */
export interface HttpConfiguration extends Omit<HttpAuthOptions, 'tls'> {
  readonly tls?: HttpTlsConfiguration;
}

/** Files in PEM; relative to the folder of the file. */
export interface HttpTlsConfiguration {
  /** The authorities that vouch for the service. */
  readonly caFile?: string;
  /** The certificate by which the service knows the broker, and its key. */
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly passphrase?: string;
  /** The name in the certificate of the service, where it is not the host of `url`. */
  readonly servername?: string;
}

const path: OptionForm<boolean | string> = {
  read: (value, place) => (typeof value === 'string' ? text.read(value, place) : yesOrNo.read(value, place)),
  show: (value) => value,
};

const day = 86_400_000;

export const httpEntry: AuthEntry<HttpConfiguration> = {
  kind: 'authenticates',
  forms: {
    url: required(text, 'the address of the service'),
    authenticate: path,
    authorize: path,
    allowHttp: yesOrNo,
    headers: secretHeaders,
    forwardHeaders: listOfForm(text),
    tls: fields<HttpTlsConfiguration>({
      caFile: fileName,
      certFile: fileName,
      keyFile: fileName,
      passphrase: secretText,
      servername: text,
    }),
    timeout: wholeNumber(10, 60_000),
    parallel: wholeNumber(1, 1_000),
    waiting: wholeNumber(0, 1_000_000),
    maximumAnswerSize: wholeNumber(64, 16_777_216),
    cache: fields<HttpAuthCache>({
      cacheFor: wholeNumber(0, day),
      maximumCacheFor: wholeNumber(0, day),
      maximumEntries: wholeNumber(0, 10_000_000),
    }),
    breaker: fields<HttpAuthBreaker>({
      failures: wholeNumber(1, 1_000_000),
      retryAfter: wholeNumber(1, day),
    }),
  },
  async make({ tls, ...options }) {
    const { httpAuth } = await import('@carillon/auth-http');
    return httpAuth({ ...options, ...(tls !== undefined && { tls: read(tls) }) });
  },
};

function read({ caFile, certFile, keyFile, ...others }: HttpTlsConfiguration): HttpAuthTls {
  return {
    ...others,
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
  };
}
