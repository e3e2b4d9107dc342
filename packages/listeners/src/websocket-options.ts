import type { UpgradeRequest } from './channel.ts';
import type { ForwardedHeader } from './forwarded.ts';

/**
 * Which web pages may connect. A request without an `Origin` header comes from no web page and is not asked;
 * pages of the host name the request itself was sent to (`Host`, whatever the port) are always allowed.
 * Besides these: the origins of the list, such as `https://app.example.com`; all with `'*'`. A function decides
 * alone.
 */
export type AllowedOrigins = '*' | readonly string[] | ((origin: string, request: UpgradeRequest) => boolean);

/** MQTT over WebSocket, on a port of its own or attached to an HTTP server. */
export interface WebSocketOptions {
  /** The path of the URL. Default: `/mqtt` when attached, any path on a port of its own. */
  readonly path?: string;
  /** Default: none but the same host's. */
  readonly origins?: AllowedOrigins;
  /**
   * Turn away clients that do not offer the subprotocol `mqtt` (or `mqttv3.1`), as the standard wants it
   * [MQTT-6.0.0-3]. Default true.
   */
  readonly requireSubprotocol?: boolean;
  /** Largest message, in bytes; `ws` holds a message until it is whole. Default 1 MiB. */
  readonly maxPayload?: number;
  /** Networks of the proxies whose header about the client is believed (`'unix'` for a Unix socket). Default none. */
  readonly trustedProxies?: readonly string[];
  /**
   * The one header the trusted proxies write. The other is not read: a proxy passes it on as the client sent
   * it. Default `x-forwarded-for` (with `x-forwarded-proto`).
   */
  readonly forwardedHeader?: ForwardedHeader;
}
