/**
 * The bytes of one connection, in both directions, whatever carries them: TCP, TLS, WebSocket, a Unix
 * socket, any duplex stream, or two ends in memory.
 */
export interface ByteChannel {
  /**
   * Starts the flow: from here on `receiver` is called, never from inside this call.
   * Called once, by the engine.
   */
  open(receiver: ChannelReceiver): void;
  /**
   * Sends the pieces in order, as one system call where the transport can. The channel keeps them by
   * reference: whoever calls must not change them afterwards. After `end` or `destroy` it does nothing.
   */
  write(pieces: readonly Uint8Array[]): void;
  /** Bytes given to `write` that the transport has not taken yet. */
  readonly unsentBytes: number;
  /** Stops reading: the peer feels it as back-pressure. A few chunks that are already under way may still arrive. */
  pause(): void;
  /** Reads on after `pause`. */
  resume(): void;
  /** Sends what was written, then closes. */
  end(): void;
  /** Closes at once; what was not sent is lost. */
  destroy(): void;
}

/** What a channel tells its owner. */
export interface ChannelReceiver {
  /** Bytes came. The chunk belongs to the receiver: the channel never writes into it again. */
  received(chunk: Uint8Array): void;
  /** Everything given to `write` has been taken by the transport (`unsentBytes` is 0 again). */
  drained(): void;
  /** The connection is over, once, for whatever reason; `error` when it did not end in order. */
  closed(error?: Error): void;
}

/** What is known of the other end of a connection before it says a word. */
export interface Remote {
  /** IP address, without port; absent for Unix sockets and in-memory channels. */
  readonly address?: string;
  readonly port?: number;
  readonly family?: 'IPv4' | 'IPv6';
  /** How the connection came in. */
  readonly transport: 'tcp' | 'tls' | 'ws' | 'wss' | 'unix' | 'stream' | 'http' | 'https';
  /** The listener that accepted it, such as `tcp://0.0.0.0:1883`; `in-process` for a plugin of the broker. */
  readonly listener?: string;
  /** True when the bytes are encrypted, here or (told by a trusted proxy) before the proxy. */
  readonly encrypted: boolean;
  /** The address of the proxy that forwarded the connection, when `address` was told by a trusted one. */
  readonly proxyAddress?: string;
  /** The server name the client asked for (TLS SNI). */
  readonly serverName?: string;
  /** The client's certificate, when it presented one. */
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
