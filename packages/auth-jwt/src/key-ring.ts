import type { PluginPlatform } from '@carillon/hooks';
import { ReasonCode } from '@carillon/protocol';
import type { JwtAlgorithm } from './algorithms.ts';
import type { KeyHolder } from './key-holder.ts';
import { TokenRefused } from './token-refused.ts';
import type { VerificationKey } from './verification-key.ts';

/** All keys, wherever they come from. */
export class KeyRing {
  readonly #holders: readonly KeyHolder[];

  constructor(holders: readonly KeyHolder[]) {
    this.#holders = holders;
  }

  open(platform: PluginPlatform): void {
    for (const holder of this.#holders) holder.open(platform);
  }

  close(): void {
    for (const holder of this.#holders) holder.close();
  }

  /**
   * The keys that a token may have been signed with. The name of a key is compared and nothing else: it leads to no
   * file and to no address.
   *
   * @throws {TokenRefused} when there are none.
   */
  async find(algorithm: JwtAlgorithm, kid: string | undefined): Promise<readonly VerificationKey[]> {
    const known = this.#matching(algorithm, kid);
    if (known.length > 0 && (kid === undefined || known[0]?.kid === kid)) return known;
    await Promise.all(this.#holders.map((holder) => holder.renew()));
    const found = this.#matching(algorithm, kid);
    if (found.length > 0) return found;
    if (this.#holders.some((holder) => holder.current().length === 0)) {
      throw new TokenRefused('the keys that tokens are checked with are not available', {
        reasonCode: ReasonCode.ServerUnavailable,
      });
    }
    throw new TokenRefused('the token was signed with a key that is not known here');
  }

  /** By name; a token that names none of them may be from a key that has no name. */
  #matching(algorithm: JwtAlgorithm, kid: string | undefined): readonly VerificationKey[] {
    const fitting = this.#holders
      .flatMap((holder) => holder.current())
      .filter(({ algorithms }) => algorithms.has(algorithm));
    if (kid === undefined) return fitting;
    const named = fitting.filter((key) => key.kid === kid);
    return named.length > 0 ? named : fitting.filter((key) => key.kid === undefined);
  }
}
