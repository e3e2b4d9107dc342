import type { LinkSettings } from './link-settings.ts';
import { type Dialect, DialectRefused, HungUp } from './remote-session.ts';

/** So often in a row a remote broker may hang up upon CONNECT before that counts as a refusal of the dialect. */
const hangUpsThatTell = 3;

/**
 * What to speak: the best that has not been refused. A refusal in words is remembered; one that is only guessed at,
 * because the remote broker hung up again and again, holds for one connection.
 */
export class Dialects {
  readonly #all: readonly Dialect[];
  #refused = 0;
  #guessed = 0;
  #hangUps = 0;

  constructor({ protocolVersion, bridgeBit }: LinkSettings) {
    const five: Dialect[] = protocolVersion === 4 ? [] : [{ version: 5, bridgeBit: false }];
    const asBridge: Dialect[] = protocolVersion === 5 || !bridgeBit ? [] : [{ version: 4, bridgeBit: true }];
    const four: Dialect[] = protocolVersion === 5 ? [] : [{ version: 4, bridgeBit: false }];
    this.#all = [...five, ...asBridge, ...four];
  }

  get current(): Dialect {
    return this.#all[this.#refused + this.#guessed] ?? { version: 5, bridgeBit: false };
  }

  /** Connected: hang-ups before were of another kind. */
  accepted(): void {
    this.#hangUps = 0;
    this.#guessed = 0;
  }

  /** Whether the error calls for another dialect, and there is one, to be tried at once. */
  refused(error: unknown): boolean {
    const left = this.#all.length - 1 - this.#refused - this.#guessed;
    if (error instanceof DialectRefused) {
      if (left <= 0) return false;
      this.#refused++;
      return true;
    }
    if (!(error instanceof HungUp) || ++this.#hangUps < hangUpsThatTell) return false;
    this.#hangUps = 0;
    if (left <= 0) this.#guessed = 0;
    else this.#guessed++;
    return left > 0;
  }
}
