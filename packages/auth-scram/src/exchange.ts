import type { ScramCredentials } from './credentials.ts';
import { type ClientFirst, parseClientFinal, serverFinal, serverFirst } from './messages.ts';
import { exclusiveOr, isSame, type ScramHash } from './scram-hash.ts';

/** The server's side of one login, after the client's first message (RFC 5802, section 3). */
export class ScramExchange {
  /** What the client is asked: the nonces of both, the salt and the iterations. */
  readonly question: string;
  readonly #hash: ScramHash;
  readonly #first: ClientFirst;
  readonly #nonce: string;
  readonly #credentials: ScramCredentials;

  /** @param serverNonce Printable, without a comma, and never used before. */
  constructor(hash: ScramHash, first: ClientFirst, credentials: ScramCredentials, serverNonce: string) {
    this.#hash = hash;
    this.#first = first;
    this.#credentials = credentials;
    this.#nonce = first.nonce + serverNonce;
    this.question = serverFirst(this.#nonce, credentials.salt, credentials.iterations);
  }

  /**
   * Checks the client's proof.
   *
   * @returns The proof of the server, for the client to check; `undefined` when the client's is wrong.
   * @throws {MalformedMessage}
   */
  answer(data: Uint8Array | undefined): string | undefined {
    const final = parseClientFinal(data);
    const { storedKey, serverKey } = this.#credentials;
    const signed = `${this.#first.bare},${this.question},${final.withoutProof}`;
    const signature = this.#hash.hmac(storedKey, signed);
    const isProven =
      final.proof.length === this.#hash.length &&
      isSame(this.#hash.hash(exclusiveOr(final.proof, signature)), storedKey);
    // The header comes again, so that nobody on the way has made y,, of p=…,,
    const isBound = isSame(final.channelBinding, Buffer.from(this.#first.gs2Header));
    const isOfThisExchange = final.nonce === this.#nonce;
    return isProven && isBound && isOfThisExchange
      ? serverFinal(this.#hash.hmac(serverKey, signed))
      : undefined;
  }
}
