/** Where the service is, what it is asked, and how patiently. */
export interface HttpAuthOptions {
  /** The address that the paths of the questions are put behind: `https://accounts.example.com/mqtt`. */
  readonly url: string;
  /**
   * Whether `POST …/authenticate` is asked who may connect; text is another path, relative to `url`. Default true.
   */
  readonly authenticate?: boolean | string;
  /**
   * Whether `POST …/authorize` is asked who may publish and subscribe to what; text is another path, relative to
   * `url`. Default true.
   */
  readonly authorize?: boolean | string;
  /**
   * Takes `http:` for other machines too. Passwords are then read by whoever sits in between, and who can answer for
   * the service lets in anybody. Default false.
   */
  readonly allowHttp?: boolean;
  /** Sent with each question, such as a secret that the service knows the broker by. Default none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers of the request that a WebSocket began with, to be told to the service: `cookie`. Default none. */
  readonly forwardHeaders?: readonly string[];
  /** For `https:`. Default: the authorities that Node trusts, and no certificate of our own. */
  readonly tls?: HttpAuthTls;
  /** Milliseconds from a question to its answer, the time in the waiting line included. Default 3000. */
  readonly timeout?: number;
  /** Questions that are under way at a time, each on a connection of its own that is kept. Default 16. */
  readonly parallel?: number;
  /** Questions that may wait for their turn; beyond it the answer is no. Default 1000. */
  readonly waiting?: number;
  /** Bytes of an answer. Default 65536. */
  readonly maximumAnswerSize?: number;
  /** How long answers are remembered. */
  readonly cache?: HttpAuthCache;
  /** When the service counts as down. */
  readonly breaker?: HttpAuthBreaker;
}

/** PEM, as text or bytes. */
export interface HttpAuthTls {
  /** The authorities that vouch for the service, instead of those that Node trusts. */
  readonly ca?: string | Uint8Array;
  /** The certificate by which the service knows the broker, and its key. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
  /** The name in the certificate of the service, where it is not the host of `url`. */
  readonly servername?: string;
}

/** Answers are remembered for a time of their own (`cacheFor`), or for this one. */
export interface HttpAuthCache {
  /** Milliseconds for answers that do not say it; 0 for not at all. Default 5000. */
  readonly cacheFor?: number;
  /** Milliseconds, whatever an answer says. Default 3,600,000: an hour. */
  readonly maximumCacheFor?: number;
  /** Answers of each kind; the one that was not asked for longest is forgotten. Default 10,000. */
  readonly maximumEntries?: number;
}

/** After `failures` in a row the service is not asked; the answer is no, until one question comes through again. */
export interface HttpAuthBreaker {
  /** Default 5. */
  readonly failures?: number;
  /** Milliseconds until one question is tried. Default 5000. */
  readonly retryAfter?: number;
}
