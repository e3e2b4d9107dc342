export {
  type CertificateAuthOptions,
  certificateAuth,
  type RevocationOptions,
} from './certificate-auth.ts';
export type { IdentitySource } from './certificate-identity.ts';
