export type { Refusal, RefusalCode } from './arrival.ts';
export { type Attachment, type AttachOptions, attach } from './attach.ts';
export type {
  Accept,
  ByteChannel,
  ChannelReceiver,
  ClientCertificate,
  Remote,
  UpgradeRequest,
} from './channel.ts';
export { type ChannelOptions, channelFromDuplex } from './duplex-channel.ts';
export { ChannelError, type ChannelErrorCode, ListenerError, type ListenerErrorCode } from './errors.ts';
export type { ForwardedHeader } from './forwarded.ts';
export { checkListenOptions, type Listener, listen, type TcpAddress, type UnixAddress } from './listen.ts';
export type {
  CommonListenOptions,
  ConnectionOptions,
  ListenOptions,
  ProxyProtocolOptions,
  RequestHandler,
  TcpListenOptions,
  UnixListenOptions,
} from './listen-options.ts';
export { type RequestRemoteOptions, requestRemotes } from './request-remote.ts';
export type { Pem, TlsCertificates, TlsIdentity, TlsOptions } from './tls-options.ts';
export { channelFromWebSocket } from './websocket-channel.ts';
export type { AllowedOrigins, WebSocketOptions } from './websocket-options.ts';
