export { certificateAuth, checkRevocation } from './certificate-auth.ts';
export type { IdentitySource } from './certificate-identity.ts';
export type { CertificateAuthOptions, RevocationOptions } from './certificate-options.ts';
