import { ReasonCode } from '@carillon/protocol';

/** The service gave no answer that counts. Whoever it was asked about is refused. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
  /** `down`: not there, not in time, or not in order. `busy`: more wait for it than may. `answer`: it lives, but this answer cannot be. */
  readonly kind: 'down' | 'busy' | 'answer';

  constructor(kind: 'down' | 'busy' | 'answer', why: string, cause?: unknown) {
    super(why, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }

  /** For CONNACK. */
  get connectCode(): number {
    return this.kind === 'busy' ? ReasonCode.ServerBusy : ReasonCode.ServerUnavailable;
  }

  /** For PUBACK, PUBREC and SUBACK, which cannot say that a server is unavailable. */
  get packetCode(): number {
    return this.kind === 'busy' ? ReasonCode.QuotaExceeded : ReasonCode.ImplementationSpecificError;
  }

  /** For the client: where the service is, and what it said, is nobody's business. */
  get words(): string {
    return this.kind === 'busy'
      ? 'too many are waiting to be checked: try again later'
      : 'it cannot be checked at the moment';
  }
}
