export { type JwtAlgorithm, jwtAlgorithms } from './algorithms.ts';
export { jwtAuth } from './jwt-auth.ts';
export { JwtOptionError } from './option-error.ts';
export type {
  ClaimNames,
  ClaimPath,
  ClaimReader,
  JwkSource,
  JwtAuthOptions,
  JwtClaims,
  KeyFileSource,
  KeySource,
  KeyUrlSource,
  PemSource,
  SecretSource,
} from './options.ts';
export type { TokenSource } from './token-sources.ts';
