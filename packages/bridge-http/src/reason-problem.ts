import { ReasonCode, reasonCodeName } from '@carillon/protocol';
import { Problem } from './problem.ts';

/** Seconds after which it is worth trying again. */
const retryAfter = { 'Retry-After': '5' };

/** What was asked when the broker said no. */
export interface Refused {
  readonly reasonCode: number | undefined;
  readonly reason: string | undefined;
  /** Whether the broker knows who asks; who is not known may have to say who he is. */
  readonly isKnown: boolean;
  /** The header of a 401. */
  readonly challenge: string;
}

/** The status that says the same as a reason code of MQTT. */
export function reasonProblem({ reasonCode, reason, isKnown, challenge }: Refused): Problem {
  if (reasonCode === undefined) {
    return new Problem(503, reason ?? 'the broker closed the connection', { headers: retryAfter });
  }
  const detail = reason ?? reasonCodeName(reasonCode);
  const status = statusOf(reasonCode, isKnown);
  const headers =
    status === 401
      ? { 'WWW-Authenticate': challenge }
      : status === 429 || status === 503
        ? retryAfter
        : undefined;
  return new Problem(status, detail, { reasonCode, ...(headers === undefined ? {} : { headers }) });
}

function statusOf(reasonCode: number, isKnown: boolean): number {
  switch (reasonCode) {
    case ReasonCode.BadUserNameOrPassword:
    case ReasonCode.BadAuthenticationMethod:
      return 401;
    case ReasonCode.NotAuthorized:
      return isKnown ? 403 : 401;
    case ReasonCode.Banned:
      return 403;
    case ReasonCode.TopicNameInvalid:
    case ReasonCode.TopicFilterInvalid:
    case ReasonCode.PayloadFormatInvalid:
    case ReasonCode.RetainNotSupported:
    case ReasonCode.QoSNotSupported:
    case ReasonCode.SharedSubscriptionsNotSupported:
    case ReasonCode.WildcardSubscriptionsNotSupported:
    case ReasonCode.MalformedPacket:
    case ReasonCode.ProtocolError:
    case ReasonCode.ClientIdentifierNotValid:
      return 400;
    case ReasonCode.PacketTooLarge:
      return 413;
    case ReasonCode.QuotaExceeded:
    case ReasonCode.MessageRateTooHigh:
    case ReasonCode.ConnectionRateExceeded:
    case ReasonCode.ReceiveMaximumExceeded:
      return 429;
    default:
      return 503;
  }
}
