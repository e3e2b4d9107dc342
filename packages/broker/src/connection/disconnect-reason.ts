import type { DisconnectOptions } from '@carillon/hooks';
import { isReasonCodeFor, ReasonCode, reasonCodeName } from '@carillon/protocol';
import { OptionError } from '../options/option-error.ts';

const sentByClientsOnly: ReadonlySet<number> = new Set([
  ReasonCode.NormalDisconnection,
  ReasonCode.DisconnectWithWillMessage,
]);

/**
 * The reason code and words of a DISCONNECT that the host asks for.
 *
 * @throws OptionError when a server cannot send that reason code.
 */
export function disconnectReason(options: DisconnectOptions): { reasonCode: number; reason: string } {
  const { reasonCode = ReasonCode.AdministrativeAction, reasonString } = options;
  if (!isReasonCodeFor('disconnect', reasonCode) || sentByClientsOnly.has(reasonCode)) {
    throw new OptionError('reasonCode', reasonCode, 'a DISCONNECT reason code that a server may send');
  }
  return { reasonCode, reason: reasonString ?? reasonCodeName(reasonCode) };
}
