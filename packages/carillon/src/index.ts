export {
  BrokerError,
  defaultLimits,
  HookError,
  type HookErrorCode,
  InvalidPluginError,
  type Limits,
  OptionError,
  PluginError,
  PublishError,
  type QueueOverflow,
  type ShareStrategy,
} from '@carillon/broker';
export type * from '@carillon/hooks';
export { definePlugin, deny, redirect } from '@carillon/hooks';
export {
  type AllowedOrigins,
  type Attachment,
  type AttachOptions,
  ChannelError,
  type ChannelOptions,
  type ConnectionOptions,
  channelFromDuplex,
  channelFromWebSocket,
  checkListenOptions,
  type Listener,
  ListenerError,
  type ListenerErrorCode,
  type ListenOptions,
  type ProxyProtocolOptions,
  type Refusal as ListenerRefusal,
  type RefusalCode as ListenerRefusalCode,
  type RequestHandler,
  type TcpAddress,
  type TcpListenOptions,
  type TlsCertificates,
  type TlsIdentity,
  type TlsOptions,
  type UnixAddress,
  type UnixListenOptions,
  type WebSocketOptions,
} from '@carillon/listeners';
export {
  type Durability,
  type Message,
  memoryStore,
  type Store,
  StoreError,
  type StoreFailure,
} from '@carillon/persistence';
export {
  type MessageProperties,
  type ProtocolVersion,
  type QoS,
  ReasonCode,
  type RetainHandling,
  reasonCodeName,
  type UserProperty,
} from '@carillon/protocol';
export { TopicPatternError } from '@carillon/topics';
export type { BrokerOptions } from './broker-options.ts';
export type { CarillonBroker } from './carillon-broker.ts';
export { createBroker } from './create-broker.ts';
export { version } from './version.ts';
