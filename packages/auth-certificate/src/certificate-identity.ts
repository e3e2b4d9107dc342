import type { ClientCertificate } from '@carillon/hooks';
import { SubjectAlternativeNameExtension, X509Certificate } from './x509.ts';

/**
 * Which part of a certificate says who the client is.
 * - `CN`: the common name of the subject.
 * - `subject`: the whole subject, as `CN=pump7, OU=pumps, O=Example`.
 * - `dns`, `email`, `uri`: the name of that kind among the Subject Alternative Names.
 * - `fingerprint`: SHA-256 of the certificate, in hexadecimal pairs with colons.
 * - a function: whatever it returns; `undefined` for "nobody".
 */
export type IdentitySource =
  | 'CN'
  | 'subject'
  | 'dns'
  | 'email'
  | 'uri'
  | 'fingerprint'
  | ((certificate: ClientCertificate) => string | undefined);

/** The sources that have a name. */
export const namedSources = ['CN', 'subject', 'dns', 'email', 'uri', 'fingerprint'] as const;

/** Who a certificate says the client is, or why it does not say it. */
export type FoundIdentity = { readonly identity: string } | { readonly missing: string };

const alternativeNames = { dns: 'dns', email: 'email', uri: 'url' } as const;

/** Finds the identity. A part that is there more than once names nobody: it must not be chance who somebody is. */
export function findIdentity(certificate: ClientCertificate, source: IdentitySource): FoundIdentity {
  if (typeof source === 'function') return only([source(certificate) ?? ''], 'identity');
  const { subject, fingerprint256 } = certificate;
  const { CN = [] } = subject;
  if (source === 'CN') return only([CN].flat(), 'common name (CN)');
  if (source === 'fingerprint') return only([fingerprint256], 'fingerprint');
  const decoded = new X509Certificate(certificate.raw);
  if (source === 'subject') return only([decoded.subject], 'subject');
  const names = decoded.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const found = names.filter(({ type }) => type === alternativeNames[source]).map(({ value }) => value);
  return only(found, `alternative name of the kind ${source}`);
}

function only(values: readonly string[], what: string): FoundIdentity {
  const found = values.filter((value) => value !== '');
  const [identity] = found;
  if (identity === undefined) return { missing: `the certificate has no ${what}` };
  if (found.length > 1) return { missing: `the certificate has more than one ${what}` };
  return { identity };
}
