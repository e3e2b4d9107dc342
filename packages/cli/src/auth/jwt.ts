import type { ClaimNames, ClaimPath, JwtAuthOptions, TokenSource } from '@carillon/auth-jwt';
import { isObject, refuse } from '../checked-values.ts';
import {
  fields,
  listOfForm,
  type OptionForm,
  oneWordOf,
  required,
  text,
  wholeNumber,
} from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';
import { type JwtKeySource, keySource } from './jwt-keys.ts';

/** JSON Web Tokens: the options of `jwtAuth`, as far as JSON can have them. File names start from the folder of the file. */
export interface JwtConfiguration extends Omit<JwtAuthOptions, 'keys' | 'claims'> {
  /** Where keys come from: one source, or a list. */
  readonly keys: JwtKeySource | readonly JwtKeySource[];
  /** The claims that hold identity, groups, permissions and the rest, by name. */
  readonly claims?: ClaimNames;
}

/** One, or a list of them. */
function oneOrMore<T>(form: OptionForm<T>): OptionForm<T | readonly T[]> {
  const list = listOfForm(form);
  return {
    read: (value, place) => (Array.isArray(value) ? list.read(value, place) : form.read(value, place)),
    show: (value) => (Array.isArray(value) ? list.show(value) : form.show(value)),
  };
}

const place = oneWordOf('password', 'username', 'authorization');

const inRequest = {
  header: fields<{ readonly header: string }>({ header: required(text, 'the name of a header') }),
  cookie: fields<{ readonly cookie: string }>({ cookie: required(text, 'the name of a cookie') }),
  query: fields<{ readonly query: string }>({ query: required(text, 'the name of a parameter') }),
};

const tokenSource: OptionForm<TokenSource> = {
  read: (value, where) => {
    if (typeof value === 'string') return place.read(value, where);
    if (!isObject(value))
      return refuse(where.path, value, 'a word, or an object with header, cookie or query');
    if ('header' in value) return inRequest.header.read(value, where);
    return 'cookie' in value ? inRequest.cookie.read(value, where) : inRequest.query.read(value, where);
  },
  show: (value) => value,
};

const claim: OptionForm<ClaimPath> = oneOrMore(text);

const method: OptionForm<string | false> = {
  read: (value, where) => (value === false ? false : text.read(value, where)),
  show: (value) => value,
};

export const jwtEntry: AuthEntry<JwtConfiguration> = {
  kind: 'authenticates',
  forms: {
    keys: required(oneOrMore(keySource), 'where the keys come from: an object with file or url'),
    algorithms: required(
      listOfForm(
        oneWordOf(
          ...(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
          ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
        ),
      ),
      'a list of algorithms such as ["RS256"]',
    ),
    issuer: oneOrMore(text),
    audience: oneOrMore(text),
    type: text,
    requiredClaims: listOfForm(text),
    clockTolerance: wholeNumber(0, 3_600_000),
    maximumTokenAge: wholeNumber(1_000, 366 * 86_400_000),
    maximumTokenSize: wholeNumber(64, 65_535),
    from: listOfForm(tokenSource),
    method,
    claims: fields<ClaimNames>({
      identity: claim,
      clientId: claim,
      groups: claim,
      permissions: claim,
      publish: claim,
      subscribe: claim,
      receive: claim,
      mountPoint: claim,
      limits: claim,
    }),
  },
  async make(options) {
    const { jwtAuth } = await import('@carillon/auth-jwt');
    return jwtAuth(options);
  },
};
