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
export { type VerifyOptions, verifyWebhook } from './webhooks/signature.ts';
export { WebhookError, type WebhookErrorCode } from './webhooks/webhook-error.ts';
export type {
  WebhookBackOff,
  WebhookHeaders,
  WebhookOptions,
  WebhookSecret,
  WebhooksOptions,
  WebhookTlsOptions,
} from './webhooks/webhook-options.ts';
export type {
  WebhookCondition,
  WebhookCounters,
  WebhookDropReason,
  WebhookState,
} from './webhooks/webhook-state.ts';
export { type Webhooks, webhooks } from './webhooks/webhooks.ts';
