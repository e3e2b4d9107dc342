import type { JwkSource, KeyFileSource, KeyUrlSource, PemSource, SecretSource } from '@carillon/auth-jwt';
import { isObject, refuse } from '../checked-values.ts';
import {
  fields,
  fileName,
  type OptionForm,
  required,
  secretText,
  text,
  wholeNumber,
  yesOrNo,
} from '../option-forms.ts';
import { secretHeaders } from './secret-headers.ts';

/** A file, a URL, or keys that stand in the configuration. */
export type JwtKeySource =
  | KeyFileSource
  | Omit<KeyUrlSource, 'fetch'>
  | (SecretSource & { readonly secret: string })
  | PemSource
  | JwkSource;

const day = 86_400_000;

const sources = {
  file: fields<KeyFileSource>({
    file: required(fileName, 'the name of a file with PEM, a JWK or a JWKS'),
    watchInterval: wholeNumber(10, 3_600_000),
  }),
  url: fields<Omit<KeyUrlSource, 'fetch'>>({
    url: required(text, 'the address of a JWKS'),
    allowHttp: yesOrNo,
    headers: secretHeaders,
    refreshEvery: wholeNumber(1_000, day),
    cooldown: wholeNumber(1_000, 3_600_000),
    timeout: wholeNumber(10, 60_000),
    keepFor: wholeNumber(1_000, 366 * day),
  }),
  secret: fields<SecretSource & { readonly secret: string }>({
    secret: required(secretText, 'a secret of 32 bytes or more'),
    kid: text,
  }),
  pem: fields<PemSource>({ pem: required(text, 'public keys as PEM'), kid: text }),
  jwk: fields<JwkSource>({
    jwk: required(
      {
        read: (value, { path }) => (isObject(value) ? value : refuse(path, undefined, 'a JWK or a JWKS')),
        // It may be a secret.
        show: () => '(hidden)',
      },
      'a JWK or a JWKS',
    ),
  }),
};

/** The form of one source, by the key that tells the kinds apart. */
export const keySource: OptionForm<JwtKeySource> = {
  read: (value, place) => {
    const form = formOf(value);
    return form === undefined
      ? refuse(place.path, value, 'an object with file, url, secret, pem or jwk')
      : form.read(value, place);
  },
  show: (value) => formOf(value)?.show(value),
};

function formOf(value: unknown): OptionForm<JwtKeySource> | undefined {
  if (!isObject(value)) return undefined;
  if ('file' in value) return sources.file;
  if ('url' in value) return sources.url;
  if ('secret' in value) return sources.secret;
  if ('pem' in value) return sources.pem;
  return 'jwk' in value ? sources.jwk : undefined;
}
