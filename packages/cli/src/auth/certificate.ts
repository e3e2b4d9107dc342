import { fields, fileName, oneWordOf, required, yesOrNo } from '../option-forms.ts';
import type { AuthEntry } from './auth-entry.ts';

/** Clients known by their certificates; the listener asks for them (`tls.requestCert`). */
export interface CertificateConfiguration {
  /** Which part of the certificate is the identity. Default `CN`. */
  readonly identity?: 'CN' | 'subject' | 'dns' | 'email' | 'uri' | 'fingerprint';
  /** Turns away clients without a certificate. Default false: others may let them in. */
  readonly required?: boolean;
  /** Refuses revoked certificates, connected ones included. */
  readonly revocation?: RevocationConfiguration;
}

/** Which certificates do not count any more. */
export interface RevocationConfiguration {
  /** Certificate revocation lists, PEM or DER. */
  readonly file: string;
  /** The certificates of the authorities that sign them. */
  readonly authoritiesFile: string;
}

export const certificateEntry: AuthEntry<CertificateConfiguration> = {
  kind: 'authenticates',
  forms: {
    identity: oneWordOf('CN', 'subject', 'dns', 'email', 'uri', 'fingerprint'),
    required: yesOrNo,
    revocation: fields<RevocationConfiguration>({
      file: required(fileName, 'the name of a file of revocation lists'),
      authoritiesFile: required(fileName, 'the name of a file with the certificates of their authorities'),
    }),
  },
  async make(options) {
    const { certificateAuth, checkRevocation } = await import('@carillon/auth-certificate');
    if (options.revocation !== undefined) await checkRevocation(options.revocation);
    return certificateAuth(options);
  },
};
