/**
 * The bytes of one accepted connection, in both directions. The shapes in this file are those of
 * `@carillon/hooks`, written down a second time so that this package needs nothing but Node and `ws`;
 * a type test keeps the two equal.
 */
export interface ByteChannel {
  /** Starts the flow: from here on `receiver` is called, never from inside this call. Called once. */
  open(receiver: ChannelReceiver): void;
  /**
   * Sends the pieces in order. They are kept by reference and must not be changed afterwards. After `end`,
   * `destroy` or the end of the connection it does nothing.
   */
  write(pieces: readonly Uint8Array[]): void;
  /** Bytes given to `write` that the transport has not taken yet. */
  readonly unsentBytes: number;
  /** Stops reading: the peer feels it as back-pressure. A few chunks may still arrive. */
  pause(): void;
  /** Reads on after `pause`. */
  resume(): void;
  /** Sends what was written, then closes. A peer that does not close its side is cut off after the linger time-out. */
  end(): void;
  /** Closes at once; what was not sent is lost. */
  destroy(): void;
}

/** What a channel tells its owner. */
export interface ChannelReceiver {
  /** Bytes came. The chunk belongs to the receiver. */
  received(chunk: Uint8Array): void;
  /** Everything given to `write` has been taken by the transport, after some of it had to wait. */
  drained(): void;
  /** The connection is over; called once. `error` when it did not end in order. */
  closed(error?: Error): void;
}

/** What is known of the other end of a connection before it says a word. */
export interface Remote {
  /** IP address without port; an IPv4 address is never written as an IPv4-mapped IPv6 address. */
  readonly address?: string;
  readonly port?: number;
  readonly family?: 'IPv4' | 'IPv6';
  /** How the connection came in. */
  readonly transport: 'tcp' | 'tls' | 'ws' | 'wss' | 'unix' | 'stream' | 'http' | 'https';
  /** The name of the listener that accepted it. */
  readonly listener?: string;
  /** True when the bytes are encrypted, here or (told by a trusted proxy) before the proxy. */
  readonly encrypted: boolean;
  /** The address of the proxy, when `address` was told by a trusted one. */
  readonly proxyAddress?: string;
  /** The server name the client asked for (TLS SNI). */
  readonly serverName?: string;
  readonly certificate?: ClientCertificate;
  /** The HTTP request that a WebSocket began with, or that stands for a client by itself (`http`, `https`). */
  readonly request?: UpgradeRequest;
}

/** A client certificate. */
export interface ClientCertificate {
  /** True when the listener's authorities vouch for it. */
  readonly authorized: boolean;
  /** Why not, when `authorized` is false. */
  readonly authorizationError?: string;
  readonly subject: Readonly<Record<string, string | readonly string[]>>;
  readonly issuer: Readonly<Record<string, string | readonly string[]>>;
  /** As Node prints it: `DNS:device7.example, URI:urn:x`. */
  readonly subjectAlternativeName?: string;
  /** SHA-256, hexadecimal pairs with colons. */
  readonly fingerprint256: string;
  readonly serialNumber: string;
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  /** Milliseconds since 1970. */
  readonly validTo: number;
  /** DER. */
  readonly raw: Uint8Array;
}

/** The HTTP request that asked for a WebSocket. */
export interface UpgradeRequest {
  /** Path with query, as it came. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Takes over an accepted connection. */
export type Accept = (channel: ByteChannel, remote: Remote) => void;
