import type { AuthenticateEvent, EnhancedEvent, Grant, Refusal } from '@carillon/hooks';
import type { JwtAlgorithm } from './algorithms.ts';
import type { TokenSource } from './token-sources.ts';

/** How tokens are checked, and what they bring. */
export interface JwtAuthOptions {
  /** The keys that tokens are signed with: one source, or several. */
  readonly keys: KeySource | readonly KeySource[];
  /**
   * The algorithms that are allowed. Each key is used with those of them that fit it and with no others, whatever a
   * token says: a public key never becomes the secret of an HMAC. `none` cannot be allowed.
   */
  readonly algorithms: readonly JwtAlgorithm[];
  /** The issuers that count: the claim `iss` is one of them. Default: any that signs with one of the keys. */
  readonly issuer?: string | readonly string[];
  /** The names of this broker: the claim `aud` has one of them. Default: tokens for anybody are taken. */
  readonly audience?: string | readonly string[];
  /** The `typ` in the header, such as `at+jwt`. Default: not looked at. */
  readonly type?: string;
  /** Claims that have to be there. Default: `exp`, so that every token ends. */
  readonly requiredClaims?: readonly string[];
  /** Milliseconds by which the clocks of issuer and broker may differ. Default 5000. */
  readonly clockTolerance?: number;
  /** Milliseconds since `iat` after which a token is too old, whatever its `exp`. Default: none. */
  readonly maximumTokenAge?: number;
  /** Bytes. Default 16384. */
  readonly maximumTokenSize?: number;
  /**
   * Where tokens may be, looked at in this order. Default: `password`, then `authorization`. What is not a token is
   * left to other plugins; the first token there is decides.
   */
  readonly from?: readonly TokenSource[];
  /**
   * The Authentication Method of MQTT 5.0 clients that send the token as Authentication Data: in CONNECT, and in AUTH
   * to go on when the old token ends. `false` for none. Default `JWT`.
   */
  readonly method?: string | false;
  /** What the claims mean. Default: the identity is `sub`, and nothing else is read. */
  readonly claims?: ClaimNames | ClaimReader;
}

/** Where keys come from. */
export type KeySource = SecretSource | PemSource | JwkSource | KeyFileSource | KeyUrlSource;

/** A secret that issuer and broker share, for HS256, HS384 and HS512. */
export interface SecretSource {
  /** At least as many bytes as the hash has: 32, 48 or 64. Text counts as UTF-8. */
  readonly secret: string | Uint8Array;
  /** The name tokens know it by. */
  readonly kid?: string;
}

/** Public keys or certificates as PEM. The dates of a certificate are not looked at. */
export interface PemSource {
  readonly pem: string;
  /** The name tokens know it by. */
  readonly kid?: string;
}

/** A JWK, or a JWKS: `{ keys: […] }`. */
export interface JwkSource {
  readonly jwk: object;
}

/**
 * A file with PEM, a JWK or a JWKS. It is read again when it has changed; while it is broken or gone, the keys that
 * were read last stay in force, and the log says so.
 */
export interface KeyFileSource {
  readonly file: string;
  /** Milliseconds between two looks at the file. Default 2000. */
  readonly watchInterval?: number;
}

/**
 * A JWKS at a URL. It is read at the start, then now and then, and when a token names a key that is not known. While
 * it cannot be read, the keys that were read last stay in force for a time.
 */
export interface KeyUrlSource {
  /** With `https:`, but for this machine itself. */
  readonly url: string;
  /** Takes `http:` for other machines too: who can answer for them can let in anybody. Default false. */
  readonly allowHttp?: boolean;
  /** Sent with each request, such as a key for an API. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds. Default 600,000: ten minutes. */
  readonly refreshEvery?: number;
  /** Milliseconds from one request to the next at least, whatever it is for. Default 30,000. */
  readonly cooldown?: number;
  /** Milliseconds an answer may take; less than the `hookTimeout` of the broker. Default 3000. */
  readonly timeout?: number;
  /** Milliseconds for which keys are used after they were read last. Default 86,400,000: a day. */
  readonly keepFor?: number;
  /** Asks in the place of Node's own `fetch`: one with a proxy, or with authorities of its own. */
  readonly fetch?: typeof fetch;
}

/** A claim by its name, or by the names that lead to it: `['realm_access', 'roles']`. */
export type ClaimPath = string | readonly string[];

/**
 * The claims that hold what a client gets. A claim of the wrong type refuses the client. So does an absent one, but
 * for `groups`, `limits` and the lists: a list that is not there is empty.
 */
export interface ClaimNames {
  /** Text: who the client is. Default `sub`. */
  readonly identity?: ClaimPath;
  /** Text: the only client id the token is good for; a client that gives none gets it. */
  readonly clientId?: ClaimPath;
  /** A list of texts. */
  readonly groups?: ClaimPath;
  /** An object with the lists `publish`, `subscribe` and `receive`; without `receive`, receiving is not restricted. */
  readonly permissions?: ClaimPath;
  /** A list of topic filters. */
  readonly publish?: ClaimPath;
  /** A list of topic filters. */
  readonly subscribe?: ClaimPath;
  /** A list of topic filters. */
  readonly receive?: ClaimPath;
  /** Text: the prefix of all topics of the client, with or without `/` at its end. */
  readonly mountPoint?: ClaimPath;
  /** An object with limits, named as in `ClientLimits`. */
  readonly limits?: ClaimPath;
}

/** The claims of a token that was verified. */
export type JwtClaims = Readonly<Record<string, unknown>>;

/**
 * Says what the claims of a verified token mean. A grant without an identity gets `sub`; the connection ends with the
 * token at the latest. What it throws refuses the client.
 *
 * @example
 * ```ts
 * const claims: ClaimReader = ({ tenant }) => {
 *   if (typeof tenant !== 'string') return deny(undefined, 'the token has no tenant');
 *   return { allow: true, mountPoint: `tenants/${tenant}/` };
 * };
 * ```
 */
export type ClaimReader = (
  claims: JwtClaims,
  client: AuthenticateEvent | EnhancedEvent,
) => Grant | Refusal | Promise<Grant | Refusal>;
