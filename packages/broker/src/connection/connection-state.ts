/**
 * Where a connection stands.
 *
 *     awaiting-connect ─► authenticating ─► connected ─► closing ─► closed
 *                └──────────────┴────────────────────────────────────▲
 */
export type ConnectionState =
  /** Nothing but CONNECT may come. */
  | 'awaiting-connect'
  /** CONNECT came; hooks are asked, or AUTH packets go to and fro. */
  | 'authenticating'
  /** CONNACK 0 was given out. */
  | 'connected'
  /** The last packet was written; what still comes is ignored. */
  | 'closing'
  /** The channel is gone. */
  | 'closed';
