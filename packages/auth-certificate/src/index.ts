export {
  type CertificateAuthOptions,
  certificateAuth,
  checkRevocation,
  type RevocationOptions,
} from './certificate-auth.ts';
export type { IdentitySource } from './certificate-identity.ts';
