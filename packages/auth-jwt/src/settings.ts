import {
  type Check,
  type FieldChecks,
  integer,
  isObject,
  nonEmptyText,
  nonEmptyTexts,
  readFields,
  refuse,
} from '@carillon/hooks/checks';
import { isJwtAlgorithm, type JwtAlgorithm, jwtAlgorithms } from './algorithms.ts';
import type { ClaimNames, ClaimPath, ClaimReader, JwtAuthOptions } from './options.ts';
import type { TokenSource } from './token-sources.ts';
import type { TokenTerms } from './verify-token.ts';

/** The options with their defaults, but for the keys. */
export interface JwtSettings {
  readonly terms: TokenTerms;
  readonly sources: readonly TokenSource[];
  readonly method: string | undefined;
  readonly claims: ClaimNames | ClaimReader;
}

const year = 366 * 86_400_000;

/** @throws {ImpossibleValue} for an option that cannot be. */
export function readSettings(given: unknown): JwtSettings {
  const options = readFields<Omit<JwtAuthOptions, 'keys'>>(withoutKeys(given), optionFields);
  const { algorithms = refuse('algorithms', undefined, `a list, each one of ${jwtAlgorithms.join(', ')}`) } =
    options;
  const { method = 'JWT' } = options;
  return {
    terms: {
      algorithms: new Set(algorithms),
      issuers: oneOrMore(options.issuer),
      audiences: oneOrMore(options.audience),
      type: options.type,
      requiredClaims: options.requiredClaims ?? ['exp'],
      clockTolerance: options.clockTolerance ?? 5_000,
      maximumTokenAge: options.maximumTokenAge,
      maximumTokenSize: options.maximumTokenSize ?? 16_384,
    },
    sources: options.from ?? ['password', 'authorization'],
    method: method === false ? undefined : method,
    claims: options.claims ?? {},
  };
}

function withoutKeys(given: unknown): object {
  if (!isObject(given)) return refuse('(all of them)', given, 'an object with keys and algorithms');
  const { keys: _, ...others } = given;
  return others;
}

function oneOrMore(value: string | readonly string[] | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : value;
}

const names: Check<string | readonly string[]> = (value, field) => {
  if (typeof value === 'string') return nonEmptyText(value, field);
  const list = nonEmptyTexts(value, field);
  return list.length > 0 ? list : refuse(field, value, 'text, or a list with some');
};

const algorithmList: Check<readonly JwtAlgorithm[]> = (value, field) => {
  const wanted = `one of ${jwtAlgorithms.join(', ')}`;
  if (!Array.isArray(value) || value.length === 0) return refuse(field, value, `a list, each ${wanted}`);
  return value.map((algorithm: unknown, place) =>
    isJwtAlgorithm(algorithm) ? algorithm : refuse(`${field}[${place}]`, algorithm, wanted),
  );
};

const sourceList: Check<readonly TokenSource[]> = (value, field) => {
  if (!Array.isArray(value) || value.length === 0) return refuse(field, value, 'a list of places');
  return value.map((source: unknown, place) => tokenSource(source, `${field}[${place}]`));
};

const tokenSource: Check<TokenSource> = (value, field) => {
  if (value === 'password' || value === 'username' || value === 'authorization') return value;
  const wanted = '"password", "username", "authorization", or an object with one of header, cookie and query';
  if (!isObject(value) || Object.keys(value).length !== 1) return refuse(field, value, wanted);
  const { header, cookie, query } = value;
  if (header !== undefined) return { header: nonEmptyText(header, `${field}.header`) };
  if (cookie !== undefined) return { cookie: nonEmptyText(cookie, `${field}.cookie`) };
  if (query !== undefined) return { query: nonEmptyText(query, `${field}.query`) };
  return refuse(field, value, wanted);
};

const claimNameFields: FieldChecks<ClaimNames> = {
  identity: names,
  clientId: names,
  groups: names,
  permissions: names,
  publish: names,
  subscribe: names,
  receive: names,
  mountPoint: names,
  limits: names,
} satisfies Record<keyof ClaimNames, Check<ClaimPath>>;

const claims: Check<ClaimNames | ClaimReader> = (value, field) =>
  isClaimReader(value) ? value : readFields(value, claimNameFields, field);

function isClaimReader(value: unknown): value is ClaimReader {
  return typeof value === 'function';
}

const optionFields: FieldChecks<Omit<JwtAuthOptions, 'keys'>> = {
  algorithms: algorithmList,
  issuer: names,
  audience: names,
  type: nonEmptyText,
  requiredClaims: nonEmptyTexts,
  clockTolerance: integer(0, 3_600_000),
  maximumTokenAge: integer(1_000, year),
  maximumTokenSize: integer(64, 65_535),
  from: sourceList,
  method: (value, field) => (value === false ? false : nonEmptyText(value, field)),
  claims,
};
