export { httpAuth } from './http-auth.ts';
export { HttpAuthOptionError } from './option-error.ts';
export type { HttpAuthBreaker, HttpAuthCache, HttpAuthOptions, HttpAuthTls } from './options.ts';
export type {
  AuthenticateQuestion,
  AuthorizeQuestion,
  CertificateDescription,
  ClientDescription,
  PublishQuestion,
  RemoteDescription,
  SubscribeQuestion,
} from './questions.ts';
