/** The stable codes of {@link ListenerError}. */
export type ListenerErrorCode =
  /** An option has a value it cannot have; the message names the key, the value and what would be right. */
  | 'LISTENER_OPTION_INVALID'
  /** Somebody else listens there already. */
  | 'LISTENER_ADDRESS_IN_USE'
  /** This machine has no such address. */
  | 'LISTENER_ADDRESS_UNAVAILABLE'
  /** The process may not listen there. */
  | 'LISTENER_ADDRESS_FORBIDDEN'
  /** The path of a Unix socket is taken by something that is not a socket. */
  | 'LISTENER_PATH_NOT_A_SOCKET'
  /** Certificate, key or authority cannot be used; `cause` says what OpenSSL said. */
  | 'LISTENER_TLS_INVALID'
  /** Certificates were given to a listener without TLS. */
  | 'LISTENER_NOT_TLS'
  /** An HTTP server has an attachment at this path already. */
  | 'LISTENER_PATH_TAKEN'
  /** The host's `accept` threw; `cause` is what it threw. The connection was closed. */
  | 'LISTENER_ACCEPT_FAILED'
  /** The operating system refused for another reason; see `cause`. */
  | 'LISTENER_FAILED';

/** A mistake of the host or a refusal of the operating system. The code never changes; the wording may. */
export class ListenerError extends Error {
  readonly code: ListenerErrorCode;

  constructor(code: ListenerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ListenerError';
    this.code = code;
  }
}

/** The stable codes of {@link ChannelError}. */
export type ChannelErrorCode =
  /** `end` was called, but the peer did not take what was still to be sent within the linger time-out. */
  | 'CHANNEL_LINGER_TIMEOUT'
  /** The stream gave something that is not bytes. */
  | 'CHANNEL_NOT_BYTES'
  /** A WebSocket peer sent a text frame. */
  | 'CHANNEL_TEXT_FRAME'
  /** A WebSocket went away without a close frame. */
  | 'CHANNEL_CLOSED_ABNORMALLY';

/** Why a connection did not end in order; handed to `closed`. Errors of the socket itself come as they are. */
export class ChannelError extends Error {
  readonly code: ChannelErrorCode;

  constructor(code: ChannelErrorCode, message: string) {
    super(message);
    this.name = 'ChannelError';
    this.code = code;
  }
}
