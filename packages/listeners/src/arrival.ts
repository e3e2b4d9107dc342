import type { Socket } from 'node:net';
import type { ProxyHeader } from './proxy-protocol.ts';

/** A socket on its way from the accept call to the broker. */
export class Arrival {
  /** As the operating system gave it: its address is the true one. */
  readonly socket: Socket;
  /** The address of the other end of `socket`, or `unixPeer`. */
  readonly peer: string;
  /** What carries the next layer: the socket itself or the TLS stream over it. */
  stream: Socket;
  /** What the PROXY protocol told, when it was spoken. */
  proxied: ProxyHeader | undefined;

  constructor(socket: Socket, peer: string) {
    this.socket = socket;
    this.peer = peer;
    this.stream = socket;
  }
}

/** One step of an arrival; it ends by calling the next step or by refusing the arrival. */
export type Step = (arrival: Arrival) => void;

/** The stable codes of a {@link Refusal}. */
export type RefusalCode =
  /** More sockets than `maxHandshakes` were in a handshake. */
  | 'HANDSHAKE_LIMIT'
  /** The handshakes took longer than `handshakeTimeout`. */
  | 'HANDSHAKE_TIMEOUT'
  /** The peer went away before it had finished its handshakes. */
  | 'HANDSHAKE_ABANDONED'
  /** The listener was closed meanwhile. */
  | 'LISTENER_CLOSED'
  /** A PROXY protocol header from somebody who is not trusted to send one. */
  | 'PROXY_HEADER_UNTRUSTED'
  /** No PROXY protocol header where one is required. */
  | 'PROXY_HEADER_MISSING'
  /** A PROXY protocol header that breaks the rules. */
  | 'PROXY_HEADER_MALFORMED'
  /** The TLS handshake failed. */
  | 'TLS_HANDSHAKE_FAILED'
  /** The client has no certificate, or none that the authorities vouch for. */
  | 'TLS_CERTIFICATE_REFUSED'
  /** Bytes that are no HTTP request. */
  | 'HTTP_REQUEST_MALFORMED'
  /** An HTTP request that does not ask for a WebSocket. */
  | 'UPGRADE_REQUIRED'
  /** A WebSocket for another path. */
  | 'WEBSOCKET_PATH_UNKNOWN'
  /** A web page of an origin that is not allowed. */
  | 'WEBSOCKET_ORIGIN_REFUSED'
  /** The client does not offer the subprotocol `mqtt`. */
  | 'WEBSOCKET_SUBPROTOCOL_MISSING'
  /** The WebSocket handshake breaks the rules. */
  | 'WEBSOCKET_HANDSHAKE_FAILED';

/** A connection that was turned away before the broker saw it. */
export interface Refusal {
  readonly code: RefusalCode;
  /** A sentence for the log. */
  readonly message: string;
  /** The name of the listener. */
  readonly listener: string;
  /** The peer's own address, or the proxy's; absent for Unix sockets. */
  readonly address?: string;
  readonly port?: number;
  /** The error behind it, when there is one. */
  readonly cause?: Error;
}
