import { type AclConfiguration, aclEntry } from './acl.ts';
import type { AuthEntry } from './auth-entry.ts';
import { type CertificateConfiguration, certificateEntry } from './certificate.ts';
import { type GuardConfiguration, guardEntry } from './guard.ts';
import { type HttpConfiguration, httpEntry } from './http.ts';
import { type JwtConfiguration, jwtEntry } from './jwt.ts';
import { type PasswordConfiguration, passwordEntry } from './password.ts';
import { type ScramConfiguration, scramEntry } from './scram.ts';

/** The options of each package, under its key. */
export interface AuthPackages {
  /** Bans, waits after wrong passwords, rates: `@carillon/auth-guard`. */
  readonly guard: GuardConfiguration;
  /** Users and passwords in a file: `@carillon/auth-password`. */
  readonly password: PasswordConfiguration;
  /** Client certificates: `@carillon/auth-certificate`. */
  readonly certificate: CertificateConfiguration;
  /** JSON Web Tokens: `@carillon/auth-jwt`. */
  readonly jwt: JwtConfiguration;
  /** A service of your own that is asked over HTTP: `@carillon/auth-http`. */
  readonly http: HttpConfiguration;
  /** Passwords that clients prove without sending them: `@carillon/auth-scram`. */
  readonly scram: ScramConfiguration;
  /** Who may publish, subscribe to and receive what: `@carillon/auth-acl`. */
  readonly acl: AclConfiguration;
}

/**
 * Who may connect, and what he may do: a key for each package, none for what is not wanted. Whatever their place in
 * the file, guards are asked first and authorizers last; those who authenticate are asked as they stand.
 */
export interface AuthConfiguration extends Partial<AuthPackages> {}

/** An entry for every key. */
export const authTable: { readonly [Key in keyof AuthPackages]: AuthEntry<AuthPackages[Key]> } = {
  guard: guardEntry,
  password: passwordEntry,
  certificate: certificateEntry,
  jwt: jwtEntry,
  http: httpEntry,
  scram: scramEntry,
  acl: aclEntry,
};
