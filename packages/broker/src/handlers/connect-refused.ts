import type { Refusal } from '@carillon/hooks';
import { ConnectReturnCode, ReasonCode } from '@carillon/protocol';
import type { Denied } from '../hooks/verdict.ts';

/** The CONNECT cannot be accepted: what CONNACK is to say, and who said no. */
export class ConnectRefused extends Error {
  override readonly name = 'ConnectRefused';
  readonly reasonCode: number;
  readonly by: string;
  readonly words: Omit<Refusal, 'allow' | 'reasonCode'>;
  /** The reason as the host is told it; the message is for the client. */
  readonly forHost: string;

  constructor(
    reasonCode: number,
    reason: string,
    by: string,
    words: Omit<Refusal, 'allow' | 'reasonCode'> = {},
  ) {
    super(reason);
    this.forHost = words.because ?? reason;
    this.reasonCode = reasonCode;
    this.by = by;
    this.words = words;
  }
}

/** The refusal that a hook's "no" amounts to. */
export function refusedBy(denied: Denied, fallback: string): ConnectRefused {
  const { reasonCode, by, because, reasonString, userProperties, serverReference } = denied;
  return new ConnectRefused(reasonCode, reasonString ?? fallback, by, {
    ...(because === undefined ? {} : { because }),
    ...(reasonString === undefined ? {} : { reasonString }),
    ...(userProperties === undefined ? {} : { userProperties }),
    ...(serverReference === undefined ? {} : { serverReference }),
  });
}

const returnCodes: ReadonlyMap<number, number> = new Map([
  [ReasonCode.UnsupportedProtocolVersion, ConnectReturnCode.UnacceptableProtocolVersion],
  [ReasonCode.ClientIdentifierNotValid, ConnectReturnCode.IdentifierRejected],
  [ReasonCode.UnspecifiedError, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ImplementationSpecificError, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ServerUnavailable, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ServerBusy, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.QuotaExceeded, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.UseAnotherServer, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ServerMoved, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.ConnectionRateExceeded, ConnectReturnCode.ServerUnavailable],
  [ReasonCode.BadUserNameOrPassword, ConnectReturnCode.BadUserNameOrPassword],
  [ReasonCode.NotAuthorized, ConnectReturnCode.NotAuthorized],
  [ReasonCode.Banned, ConnectReturnCode.NotAuthorized],
  [ReasonCode.BadAuthenticationMethod, ConnectReturnCode.NotAuthorized],
]);

/** The return code of MQTT 3 for a reason; undefined when none fits, and no CONNACK may be sent. [MQTT-3.2.2-6] */
export function returnCodeFor(reasonCode: number): number | undefined {
  return returnCodes.get(reasonCode);
}
