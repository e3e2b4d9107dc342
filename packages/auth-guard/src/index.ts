export { type AuthGuard, authGuard } from './auth-guard.ts';
export type { Ban, BanRequest } from './ban.ts';
export type {
  AuthGuardOptions,
  BackOffOptions,
  FlappingOptions,
  Rate,
  RateOptions,
} from './guard-options.ts';
