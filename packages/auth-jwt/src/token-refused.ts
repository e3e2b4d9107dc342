import type { Refusal } from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';

/** A token that does not let its bearer in. The words are for the client: they say why, and quote nothing. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly reasonCode: number;

  constructor(why: string, { reasonCode = ReasonCode.NotAuthorized }: { readonly reasonCode?: number } = {}) {
    super(why);
    this.reasonCode = reasonCode;
  }

  get refusal(): Refusal {
    return { allow: false, reasonCode: this.reasonCode, reasonString: this.message };
  }
}
