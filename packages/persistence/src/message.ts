import type { MessageProperties, QoS } from '@carillon/protocol';

/**
 * Where a message came from: a connected client, a client's Will, the host application, a bridge to another
 * broker, or the broker itself (`$SYS`).
 */
export type MessageOrigin = 'client' | 'will' | 'host' | 'bridge' | 'system';

/** An application message on its way through the broker. It never changes: a rewrite makes a new one. */
export interface Message {
  /** The full topic: a mount point, where the publisher has one, is part of it. Never an alias. */
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The QoS it was published with; a receiver gets the lower of this and its grant. */
  readonly qos: QoS;
  /** The publisher's RETAIN flag. */
  readonly retain: boolean;
  /** Message Expiry Interval is as published: what remains follows from `expiresAt`. */
  readonly properties: MessageProperties;
  readonly origin: MessageOrigin;
  /** Client id of the publisher (its own for a Will), name of the bridge, or empty. */
  readonly publisherId: string;
  /** Milliseconds since 1970: when the broker took it over. */
  readonly receivedAt: number;
  /** Milliseconds since 1970; absent when the message never expires. */
  readonly expiresAt: number | undefined;
}
