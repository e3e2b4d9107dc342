export type { BridgeConfiguration, BridgeTlsConfiguration } from './bridges/bridge-configuration.ts';
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
