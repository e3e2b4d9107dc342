import { checkKeys, flag, oneOf, refuseOption } from './option-checks.ts';
import type { TlsCertificates, TlsIdentity, TlsOptions } from './tls-options.ts';

const identityKeys = ['cert', 'key', 'passphrase', 'ca'];
const certificateKeys = [...identityKeys, 'sni'];
const policyKeys = ['requestCert', 'rejectUnauthorized', 'minVersion'];

/** @throws {ListenerError} `LISTENER_OPTION_INVALID` */
export function readTlsOptions(options: TlsOptions): TlsOptions {
  checkKeys(options, 'tls', [...certificateKeys, ...policyKeys]);
  const requestCert = flag('tls.requestCert', options.requestCert, false);
  checkIdentities(options, requestCert);
  return {
    ...options,
    requestCert,
    rejectUnauthorized: flag('tls.rejectUnauthorized', options.rejectUnauthorized, true),
    minVersion: oneOf('tls.minVersion', options.minVersion, 'TLSv1.2', ['TLSv1.2', 'TLSv1.3']),
  };
}

/**
 * Checks certificates that are to replace others.
 *
 * @throws {ListenerError} `LISTENER_OPTION_INVALID`
 */
export function checkCertificates(certificates: TlsCertificates, requestCert: boolean): void {
  // Who keeps all of `TlsOptions` in one object may hand it over again; what cannot change is not looked at.
  checkKeys(certificates, 'tls', [...certificateKeys, ...policyKeys]);
  checkIdentities(certificates, requestCert);
}

function checkIdentities(certificates: TlsCertificates, requestCert: boolean): void {
  checkIdentity(certificates, 'tls');
  if (requestCert && certificates.ca === undefined) {
    // Without it Node would take every certificate that a public authority has ever issued.
    refuseOption(
      'tls.ca',
      certificates.ca,
      'the authorities that vouch for client certificates (tls.requestCert)',
    );
  }
  for (const [name, identity] of Object.entries(certificates.sni ?? {})) {
    checkKeys(identity, `tls.sni['${name}']`, identityKeys);
    checkIdentity(identity, `tls.sni['${name}']`);
  }
}

function checkIdentity(identity: TlsIdentity, prefix: string): void {
  for (const key of ['cert', 'key'] as const) {
    if (!isPem(identity[key])) refuseOption(`${prefix}.${key}`, identity[key], 'PEM text or bytes');
  }
  if (identity.ca !== undefined && !isPem(identity.ca)) {
    refuseOption(`${prefix}.ca`, identity.ca, 'PEM text or bytes, or a list of them');
  }
}

function isPem(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0 && value.every(isPem);
  return (typeof value === 'string' || value instanceof Uint8Array) && value.length > 0;
}
