import { type AuthenticateAnswer, type AuthenticateEvent, deny, type HookContext } from '@carillon/hooks';
import { type HashFunction, isPasswordOf } from './hash-functions.ts';
import { HashLine, LineIsFull } from './hash-line.ts';
import type { SettledPasswordSettings } from './password-options.ts';
import type { UserSource } from './user-source.ts';

// CONNACK reason codes of MQTT 5.0, table 3-1.
const badUserNameOrPassword = 0x86;
const serverBusy = 0x89;

/** Asks for passwords. Each login costs one hash, whoever comes and whatever he says. */
export class Login {
  readonly #source: UserSource;
  readonly #settings: SettledPasswordSettings;
  readonly #line: HashLine;
  readonly #isPasswordOf: HashFunction;

  constructor(source: UserSource, settings: SettledPasswordSettings, hash: HashFunction = isPasswordOf) {
    this.#source = source;
    this.#settings = settings;
    this.#line = new HashLine(settings);
    this.#isPasswordOf = hash;
  }

  async authenticate(
    { username, password }: Pick<AuthenticateEvent, 'username' | 'password'>,
    { signal }: HookContext,
  ): Promise<AuthenticateAnswer> {
    if (username === undefined || password === undefined) return undefined;
    const known = await this.#source.find(username);
    const stored = known?.stored ?? this.#source.standIn(username);
    try {
      const fits = await this.#line.run(() => this.#isPasswordOf(password, stored), signal);
      if (known === undefined) return this.#unknown();
      return fits ? { allow: true, identity: username } : this.#wrong();
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
