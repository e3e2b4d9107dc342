import { type AuthenticateAnswer, type AuthenticateEvent, deny, type HookContext } from '@carillon/hooks';
import { LineIsFull, WaitingLine } from '@carillon/hooks/bounded';
import { type HashFunction, isPasswordOf } from './hash-functions.ts';
import type { SettledPasswordSettings } from './password-options.ts';
import { Upgrades } from './upgrades.ts';
import type { UserSource } from './user-source.ts';

// CONNACK reason codes of MQTT 5.0, table 3-1.
const badUserNameOrPassword = 0x86;
const serverBusy = 0x89;

/** Asks for passwords. Each login costs one hash, whoever comes and whatever he says. */
export class Login {
  readonly #source: UserSource;
  readonly #settings: SettledPasswordSettings;
  readonly #line: WaitingLine;
  readonly #upgrades: Upgrades;
  readonly #isPasswordOf: HashFunction;

  /** @param upgradeFailed Told once, when stronger hashes cannot be kept. */
  constructor(
    source: UserSource,
    settings: SettledPasswordSettings,
    upgradeFailed: (error: unknown) => void,
    hash: HashFunction = isPasswordOf,
  ) {
    this.#source = source;
    this.#settings = settings;
    this.#line = new WaitingLine({
      parallel: settings.maximumParallel,
      waiting: settings.maximumWaiting,
    });
    this.#upgrades = new Upgrades(source, settings, this.#line, upgradeFailed);
    this.#isPasswordOf = hash;
  }

  /** Ends what goes on behind logins. */
  close(): Promise<void> {
    return this.#upgrades.end();
  }

  async authenticate(
    { username, password }: Pick<AuthenticateEvent, 'username' | 'password'>,
    { signal }: HookContext,
  ): Promise<AuthenticateAnswer> {
    if (username === undefined || password === undefined) return undefined;
    const known = await this.#source.find(username);
    const stored = known?.stored ?? this.#source.standIn(username);
    try {
      const isRight = await this.#line.run(() => this.#isPasswordOf(password, stored), signal);
      if (known === undefined) return this.#unknown();
      // HMAC fills its key up with NUL, so that scrypt and PBKDF2 take "x" and "x" with NUL after it for the same.
      if (!isRight || password.includes(0)) return this.#wrong();
      this.#upgrades.consider(username, password, known);
      return { allow: true, identity: username };
    } catch (error) {
      if (error instanceof LineIsFull) return deny(serverBusy);
      throw error;
    }
  }

  #unknown(): AuthenticateAnswer {
    return this.#settings.unknownUsers === 'pass' ? undefined : deny(badUserNameOrPassword);
  }

  /** The same answer as for who is not known: where nobody else knows him either, that is a plain no. */
  #wrong(): AuthenticateAnswer {
    return this.#settings.unknownUsers === 'pass' ? false : deny(badUserNameOrPassword);
  }
}
