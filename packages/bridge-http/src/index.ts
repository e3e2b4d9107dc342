export { HttpBridgeOptionError } from './option-error.ts';
export type {
  CorsOptions,
  HttpAuthenticate,
  HttpBridgeOptions,
  HttpIdentity,
  HttpLimits,
} from './options.ts';
