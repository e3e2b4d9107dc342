import { StoreError } from '@carillon/persistence';
import { ReasonCode } from '@carillon/protocol';

/** What a client is told of a failed store: that there is no room, or no more than that it did not work. */
export function refusalFor(error: Error): { reasonCode: number; reason: string } {
  if (error instanceof StoreError && error.failure === 'full') {
    return { reasonCode: ReasonCode.QuotaExceeded, reason: 'there is no room left to store it' };
  }
  // The error itself may name folders and hosts, which are nobody's business: it goes to the log.
  return { reasonCode: ReasonCode.UnspecifiedError, reason: 'it could not be stored' };
}
