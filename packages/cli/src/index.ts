export type { AclConfiguration } from './auth/acl.ts';
export type { AuthConfiguration, AuthPackages } from './auth/auth-table.ts';
export type { CertificateConfiguration, RevocationConfiguration } from './auth/certificate.ts';
export type { BanConfiguration, GuardConfiguration } from './auth/guard.ts';
export type { HttpConfiguration, HttpTlsConfiguration } from './auth/http.ts';
export type { JwtConfiguration } from './auth/jwt.ts';
export type { JwtKeySource } from './auth/jwt-keys.ts';
export type { PasswordConfiguration } from './auth/password.ts';
export type { ScramConfiguration } from './auth/scram.ts';
export type {
  BridgeConfiguration,
  BridgeTlsConfiguration,
} from './bridges/bridge-configuration.ts';
export type { WebhookConfiguration, WebhookTlsConfiguration } from './bridges/webhook-configuration.ts';
export {
  type Configuration,
  defineConfig,
  type IdentityConfiguration,
  type ListenerConfiguration,
  type LogLevel,
  type TcpListenerConfiguration,
  type TlsConfiguration,
  type UnixListenerConfiguration,
} from './configuration.ts';
export type { FolderDurability } from './store-configuration.ts';
