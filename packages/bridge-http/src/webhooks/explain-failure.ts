import { messageOf } from '@carillon/hooks/checks';
import { WebhookError } from './webhook-error.ts';

const unreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'the host does not answer',
};

/** Why a request got no answer, in words for who runs the broker. The path of the URL is not shown: it may be a secret. */
export function explainFailure(error: unknown, { origin, protocol }: URL, signal: AbortSignal): WebhookError {
  if (signal.reason instanceof WebhookError) return signal.reason;
  if (error instanceof WebhookError) return error;
  const message = messageOf(error);
  const code = codeOf(error);
  const known = unreachable[code];
  if (known !== undefined) {
    return new WebhookError('WEBHOOK_UNREACHABLE', `${origin}: ${known} (${code})`, error);
  }
  if (code.startsWith('HPE_')) {
    return new WebhookError('WEBHOOK_ANSWER_INVALID', `${origin}: what came is no HTTP (${code})`, error);
  }
  if (protocol === 'https:' && /CERT|TLS|SSL|SIGNED|VERIFY|EPROTO|ISSUER/.test(code)) {
    return new WebhookError('WEBHOOK_TLS_FAILED', `${origin}: TLS failed: ${message} (${code})`, error);
  }
  return new WebhookError('WEBHOOK_CONNECTION_LOST', `${origin}: ${message}`, error);
}

/** Of several addresses that were tried, the first one says why. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
