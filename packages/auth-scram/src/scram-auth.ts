import { createHmac, randomBytes } from 'node:crypto';
import {
  definePlugin,
  deny,
  type EnhancedAnswer,
  type EnhancedEvent,
  type Plugin,
  type RandomSource,
} from '@carillon/hooks';
import {
  type Check,
  callback,
  type FieldChecks,
  integer,
  messageOf,
  nonEmptyText,
  readOptions,
  refuse,
} from '@carillon/hooks/checks';
import {
  defaultIterations,
  fewestIterations,
  mostIterations,
  prepared,
  type ScramCredentials,
  saltLength,
} from './credentials.ts';
import { ScramExchange } from './exchange.ts';
import { type ClientFirst, MalformedMessage, parseClientFirst } from './messages.ts';
import { hashOf, isScramMethod, type ScramMethod, scramMethods } from './methods.ts';

// Reason codes of MQTT 5.0 that CONNACK and DISCONNECT both may carry.
const protocolError = 0x82;
const notAuthorized = 0x87;
const badAuthenticationMethod = 0x8c;

/** What {@link scramAuth} is told. */
export interface ScramAuthOptions {
  /**
   * What is kept of a user's password for that method; `undefined` for who is not known. The name is as SASLprep
   * (RFC 4013) leaves it.
   */
  readonly find: (
    user: string,
    method: ScramMethod,
  ) => Promise<ScramCredentials | undefined> | ScramCredentials | undefined;
  /** Default: both. */
  readonly methods?: readonly ScramMethod[];
  /**
   * Makes up the salts of those who are not known. Give the same at every start and on every node: a salt that
   * changes tells that there is no such user. Default: random bytes, new at every start.
   */
  readonly secret?: string | Uint8Array;
  /** What those who are not known are told; the iterations of those who are should be the same. Default 15,000. */
  readonly iterations?: number;
  /** The name of the plugin. Default `auth-scram`. */
  readonly name?: string;
}

/** A login that waits for the client's proof. */
interface Login {
  readonly user: string;
  readonly isKnown: boolean;
  readonly exchange: ScramExchange;
}

/**
 * Lets MQTT 5.0 clients prove that they know a password without sending it, and proves to them that the broker knows
 * it too: SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) by enhanced authentication, at CONNECT and again
 * whenever the client asks for it. The identity of a client is the name it has proven.
 *
 * A wrong proof and a user who is not known are refused alike, with 0x87 Not authorized, after the same messages;
 * a message that is none with 0x82 Protocol error; a client that demands channel binding with 0x8C Bad authentication
 * method.
 *
 * @throws TypeError when an option cannot be, or does not exist.
 * @example
 * ```ts
 * const passwords = passwordAuth({ file: 'users.txt' });
 * broker.use(passwords);
 * broker.use(scramAuth({ find: passwords.scramCredentials }));
 * ```
 */
export function scramAuth(given: ScramAuthOptions): Plugin {
  const options = readOptions(given, optionChecks, (wrong) => new TypeError(`scramAuth: ${wrong}`));
  const { find, methods = scramMethods } = options;
  if (find === undefined) throw new TypeError('scramAuth: find is missing; it must be a function.');
  const scram = new ScramLogins({ ...options, find });
  return definePlugin({
    name: options.name ?? 'auth-scram',
    setup: (_broker, { random }) => {
      scram.random = random;
    },
    hooks: {
      async authenticateEnhanced(event) {
        const { method } = event;
        if (!isScramMethod(method) || !methods.includes(method)) return undefined;
        try {
          return event.round === 0 ? await scram.begin(method, event) : scram.finish(event);
        } catch (error) {
          if (error instanceof MalformedMessage) return deny(protocolError, error.message);
          throw error;
        }
      },
    },
  });
}

const methods: Check<readonly ScramMethod[]> = (value, field) => {
  const wanted = `a list with some of ${scramMethods.join(' and ')}`;
  if (!Array.isArray(value) || value.length === 0) return refuse(field, value, wanted);
  return value.map((method: unknown) => {
    return typeof method === 'string' && isScramMethod(method) ? method : refuse(field, method, wanted);
  });
};

const secret: Check<string | Uint8Array> = (value, field) => {
  const isSecret = typeof value === 'string' || value instanceof Uint8Array;
  return isSecret && value.length >= 16 ? value : refuse(field, value, 'text or bytes, 16 of them at least');
};

const optionChecks: FieldChecks<ScramAuthOptions> = {
  find: callback(),
  methods,
  secret,
  iterations: integer(fewestIterations, mostIterations),
  name: nonEmptyText,
};

class ScramLogins {
  readonly #find: ScramAuthOptions['find'];
  readonly #iterations: number;
  readonly #secret: Uint8Array;
  /** By exchange; what is never finished goes with its connection. */
  readonly #logins = new WeakMap<object, Login>();
  random: RandomSource = (target) => void randomBytes(target.length).copy(target);

  constructor({ find, secret = randomBytes(32), iterations = defaultIterations }: ScramAuthOptions) {
    this.#find = find;
    this.#iterations = iterations;
    this.#secret = typeof secret === 'string' ? Buffer.from(secret) : secret;
  }

  /** The client says who it is, and is asked for its proof. */
  async begin(method: ScramMethod, event: EnhancedEvent): Promise<EnhancedAnswer> {
    const first = parseClientFirst(event.data);
    if (first.channelBinding === 'demanded') {
      return deny(badAuthenticationMethod, 'channel binding is not known here');
    }
    const user = userOf(first);
    const found = await this.#find(user, method);
    const credentials = found ?? this.#madeUp(method, user);
    const exchange = new ScramExchange(hashOf(method), first, credentials, this.#nonce());
    const isKnown = found !== undefined && mayBe(user, first, event);
    this.#logins.set(event.exchange, { user, isKnown, exchange });
    return { continue: true, data: Buffer.from(exchange.question) };
  }

  /** The client's proof; the server's goes back with the yes. */
  finish(event: EnhancedEvent): EnhancedAnswer {
    const login = this.#logins.get(event.exchange);
    this.#logins.delete(event.exchange);
    if (login === undefined) throw new MalformedMessage('the exchange is over');
    const proof = login.exchange.answer(event.data);
    if (proof === undefined || !login.isKnown) return deny(notAuthorized);
    return { allow: true, identity: login.user, data: Buffer.from(proof) };
  }

  /** The same at every attempt, so that it cannot be told from what is stored. */
  #madeUp(method: ScramMethod, user: string): ScramCredentials {
    const made = (what: string) =>
      createHmac('sha512', this.#secret).update(`${what}\0${method}\0${user}`).digest();
    const { length } = hashOf(method);
    return {
      salt: made('salt').subarray(0, saltLength),
      iterations: this.#iterations,
      storedKey: made('stored key').subarray(0, length),
      serverKey: made('server key').subarray(0, length),
    };
  }

  /** 144 bits. */
  #nonce(): string {
    const bytes = new Uint8Array(18);
    this.random(bytes);
    return Buffer.from(bytes).toString('base64');
  }
}

function userOf({ username }: ClientFirst): string {
  try {
    return prepared(username, 'the user name');
  } catch (error) {
    throw new MalformedMessage(messageOf(error));
  }
}

/**
 * Who has proven to be one user does not become another: not by an authorization identity, not by the User Name of
 * CONNECT, which nobody has proven, and not by a re-authentication.
 */
function mayBe(
  user: string,
  { authorizationIdentity, username: sent }: ClientFirst,
  { connect, client }: EnhancedEvent,
): boolean {
  const { username } = connect;
  return (
    (authorizationIdentity === undefined || authorizationIdentity === user) &&
    (username === undefined || username === user || username === sent) &&
    (client === undefined || client.identity === user)
  );
}
