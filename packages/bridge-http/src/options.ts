import type { IncomingMessage } from 'node:http';
import type { Grant } from '@carillon/hooks';

/** Who sent a request, when the host has found it out by itself; the fields are those of an authentication's answer. */
export interface HttpIdentity
  extends Pick<Grant, 'groups' | 'mountPoint' | 'permissions' | 'limits' | 'expiresAt'> {
  /** Who it is, for rules and other plugins. */
  readonly identity: string;
}

/**
 * Says who sent a request: `undefined` refuses it with 401, text is an identity without more. What it throws, and an
 * answer that cannot be, refuses the request with 500 and is logged.
 */
export type HttpAuthenticate = (
  request: IncomingMessage,
) => HttpIdentity | string | undefined | Promise<HttpIdentity | string | undefined>;

/** Which web pages of other origins may use the bridge. */
export interface CorsOptions {
  /** Such as `https://app.example.com`; `'*'` for all, which cannot be joined with `credentials`. */
  readonly origins: '*' | readonly string[];
  /** Whether such pages may send cookies and the password that a browser remembers. Default false. */
  readonly credentials?: boolean;
  /** Seconds for which a browser may remember the answer to its preflight. Default 600. */
  readonly maximumAge?: number;
}

/** What requests and streams may take. Every number has a safe default. */
export interface HttpLimits {
  /** Bytes of a body; counted as they come. The broker's limit for packets holds too. Default 1,048,576. */
  readonly maximumBodyBytes: number;
  /** Milliseconds from the beginning of a request to the end of its body. Default 30,000. */
  readonly bodyTimeout: number;
  /** Milliseconds that a request waits for the broker: to be let in, and again to be acknowledged. Default 30,000. */
  readonly acknowledgementTimeout: number;
  /** Requests at work at the same time, streams not counted. Default 256. */
  readonly maximumRequests: number;
  /** Bytes of path and query together. Default 8192. */
  readonly maximumTargetBytes: number;
  /** User properties of a message. Default 64. */
  readonly maximumUserProperties: number;
  /** Streams of events, those counted whose reader is away and may come back. Default 1000. */
  readonly maximumStreams: number;
  /** Of these, streams of one identity; where nobody has one, of one address. Default 32. */
  readonly maximumStreamsPerIdentity: number;
  /** Filters of one stream. Default 16. */
  readonly maximumFilters: number;
  /** Events that are kept for a reader who comes back. Default 1000. */
  readonly replayEvents: number;
  /** Bytes of these events; beyond it the oldest go. Default 524,288. */
  readonly replayBytes: number;
  /** Seconds for which a stream waits for its reader: the Session Expiry Interval of its session. Default 300. */
  readonly streamExpiry: number;
  /** Messages of QoS 1 that may be on their way to a reader: the Receive Maximum of its session. Default 32. */
  readonly receiveMaximum: number;
  /** Milliseconds between two signs of life on a stream. Default 15,000. */
  readonly keepAliveInterval: number;
  /** Milliseconds that a reader may take nothing of what it is sent; then its stream is cut, and waits. Default 60,000. */
  readonly stallTimeout: number;
  /** Milliseconds after which a browser whose stream was cut comes back. Default 2000. */
  readonly retryDelay: number;
}

/** How the broker is reached by HTTP. */
export interface HttpBridgeOptions {
  /**
   * What the URLs begin with, such as `/mqtt`, where the handler gets them whole. Default: nothing, for a host that takes
   * it away, as Express does at `app.use('/mqtt', bridge.handler)`.
   */
  readonly path?: string;
  /** The host's own authentication. Default: the broker's, asked as for a client that sends CONNECT. */
  readonly authenticate?: HttpAuthenticate;
  /** Named in the answer 401. Default `MQTT`. */
  readonly realm?: string;
  /** Web pages of other origins. Default: none. */
  readonly cors?: CorsOptions;
  /** Networks of the proxies whose header about the client is believed (`'unix'` for a Unix socket). Default none. */
  readonly trustedProxies?: readonly string[];
  /** The one header that the trusted proxies write. Default `x-forwarded-for`. */
  readonly forwardedHeader?: 'x-forwarded-for' | 'forwarded';
  /**
   * Parameters of the query that are for somebody else, such as the one that a token stands in. Any other that the bridge
   * does not know is refused, because it may be a misspelt one. Default: none.
   */
  readonly otherParameters?: readonly string[];
  /** What requests and streams may take. */
  readonly limits?: Partial<HttpLimits>;
}
