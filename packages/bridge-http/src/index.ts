export type { EventData, EventProperties, GapData, GapReason } from './event-format.ts';
export { type HttpBridge, type HttpBridgeState, httpBridge } from './http-bridge.ts';
export { HttpBridgeOptionError } from './option-error.ts';
export type {
  CorsOptions,
  HttpAuthenticate,
  HttpBridgeOptions,
  HttpIdentity,
  HttpLimits,
} from './options.ts';
export type { PublishReceipt } from './publish-request.ts';
