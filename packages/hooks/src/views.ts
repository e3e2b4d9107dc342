import type { Message } from '@carillon/persistence';
import type { ProtocolVersion, QoS, RetainHandling, UserProperty } from '@carillon/protocol';
import type { ClientLimits } from './answers.ts';
import type { Remote } from './channel.ts';

/** Who somebody is, whether connected or not: what a session remembers of its client. */
export interface Principal {
  /** The client id. */
  readonly id: string;
  /** Who the client was found to be; the user name unless `authenticate` said otherwise. */
  readonly identity: string | undefined;
  /** Groups or roles, as `authenticate` named them. */
  readonly groups: readonly string[];
  /** Prefix of all its topics, which the client does not see; empty for none. */
  readonly mountPoint: string;
}

/** A connected client, as hooks and the host see it. */
export interface ClientView extends Principal {
  readonly username: string | undefined;
  /** As the authentication's answer gave them. */
  readonly limits: ClientLimits;
  readonly protocolVersion: ProtocolVersion;
  /** Clean Start (Clean Session before MQTT 5.0). */
  readonly cleanStart: boolean;
  /** Seconds, as in force; 0 when off. */
  readonly keepAlive: number;
  /** Seconds, as in force. */
  readonly sessionExpiryInterval: number;
  readonly remote: Remote;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  /** User properties of its CONNECT. */
  readonly userProperties: readonly UserProperty[];
  /** True for MQTT 3.x peers that set the bridge bit. */
  readonly bridge: boolean;
}

/** A session, its client connected or not. */
export interface SessionView {
  readonly clientId: string;
  readonly identity: string | undefined;
  readonly groups: readonly string[];
  readonly connected: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; absent while connected. */
  readonly disconnectedAt: number | undefined;
  /** Milliseconds since 1970; absent while connected, or when it never ends. */
  readonly expiresAt: number | undefined;
  /** Seconds. */
  readonly sessionExpiryInterval: number;
  readonly subscriptions: number;
  /** Messages that wait, those in flight not counted. */
  readonly queued: number;
  /** Topics and payloads of the messages that wait and are in flight. */
  readonly queuedBytes: number;
  readonly inflight: number;
}

/** A message that was sent to a session's client and is not settled. */
export interface InflightView {
  /**
   * Its number in the session: a later message has a higher one, and a restart changes none. One that was never stored
   * may be followed, after a crash, by another of the same number; that one was taken over later (`receivedAt`).
   */
  readonly sequence: number;
  readonly message: Message;
}

/** A subscription as asked for, or as granted. */
export interface SubscriptionView {
  /** As the client wrote it, `$share/…` included. */
  readonly filter: string;
  readonly shareName: string | undefined;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
  readonly subscriptionIdentifier: number | undefined;
}

/** What became of a message: how many receivers matched and where their copies went. */
export interface PublishReceipt {
  /** Receivers whose subscriptions match, each share group counted as one. */
  readonly matched: number;
  /** Copies that went straight into an open connection or to a handler in this process. */
  readonly sent: number;
  /** Copies that wait in a session. */
  readonly queued: number;
  /** Copies that were dropped, and why. */
  readonly dropped: readonly DropRecord[];
}

/** One copy of a message that was dropped, or the message as a whole. */
export interface DropRecord {
  readonly reason: DropReason;
  /** Whose copy; absent when the message as a whole was dropped. */
  readonly clientId?: string;
}

/** Why a message, or one receiver's copy of it, was dropped. */
export type DropReason =
  /** A QoS 0 message for a client that is not connected. */
  | 'offline'
  /** The client does not read fast enough: its output buffer is full (QoS 0). */
  | 'slow-reader'
  /** The session's queue has reached its length. */
  | 'queue-full'
  /** The session's queue has reached its bytes. */
  | 'queue-bytes'
  /** The Message Expiry Interval ran out. */
  | 'expired'
  /** Larger than the client's Maximum Packet Size. */
  | 'too-large'
  /** `authorizeDeliver`, or the client's own permissions, said no. */
  | 'not-authorized'
  /** The session ended before it was delivered. */
  | 'session-ended'
  /** The receiver answered with a reason code of 0x80 or above. */
  | 'refused-by-receiver'
  /** Nobody of the share group could take it. */
  | 'no-share-member'
  /** The store could not take it. */
  | 'store-failed'
  /** A hook threw or gave an impossible answer. */
  | 'hook-failed'
  /** The limits for retained messages are reached; it was delivered but not retained. */
  | 'retained-full'
  /** A handler in this process does not keep up: its queue is full. */
  | 'handler-full';

export type { Message };
