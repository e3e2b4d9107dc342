import {
  boolean,
  type Check,
  type FieldChecks,
  nonEmptyText,
  readFields,
  readOptions,
  refuse,
} from '@carillon/hooks/checks';
import { type IdentitySource, namedSources } from './certificate-identity.ts';

/** Options of `certificateAuth`. */
export interface CertificateAuthOptions {
  /** Which part of the certificate is the client's identity. Default `CN`. */
  readonly identity?: IdentitySource;
  /**
   * Whether clients without a certificate are turned away. Default false: this plugin has no opinion of them, and
   * others may let them in by what else they know.
   */
  readonly required?: boolean;
  /** Refuses revoked certificates, and disconnects their clients when the list changes. Default: none is asked. */
  readonly revocation?: RevocationOptions;
}

/** Where certificates are listed that do not count any more. */
export interface RevocationOptions {
  /**
   * Certificate revocation lists, PEM or DER. Read again when the file changes; one that cannot be used leaves the
   * last good one in force. A certificate whose authority has no list in it, or one that is out of date, is refused.
   */
  readonly file: string;
  /** The certificates of the authorities that sign the lists, PEM or DER. */
  readonly authoritiesFile: string;
}

/** @throws {TypeError} for options that cannot be. */
export function checkOptions(options: CertificateAuthOptions): Partial<CertificateAuthOptions> {
  return readOptions(options, optionChecks, (wrong) => new TypeError(`certificateAuth: ${wrong}`));
}

const identity: Check<IdentitySource> = (value, field) =>
  isFunctionOrName(value) ? value : refuse(field, value, `a function or one of ${namedSources.join(', ')}`);

const revocation: Check<RevocationOptions> = (value, field) => {
  const file = (name: string): never => refuse(`${field}.${name}`, undefined, 'the name of a file');
  const given = readFields(value, revocationChecks, field);
  return {
    file: given.file ?? file('file'),
    authoritiesFile: given.authoritiesFile ?? file('authoritiesFile'),
  };
};

const revocationChecks: FieldChecks<RevocationOptions> = {
  file: nonEmptyText,
  authoritiesFile: nonEmptyText,
};

const optionChecks: FieldChecks<CertificateAuthOptions> = { identity, required: boolean, revocation };

function isFunctionOrName(value: unknown): value is IdentitySource {
  return typeof value === 'function' || namedSources.some((name) => name === value);
}
