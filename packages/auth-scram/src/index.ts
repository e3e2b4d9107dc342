export { type ScramCredentialOptions, type ScramCredentials, scramCredentials } from './credentials.ts';
export type { ScramMethod } from './methods.ts';
export { type ScramAuthOptions, scramAuth } from './scram-auth.ts';
