import type { ProtocolVersion, QoS, RetainHandling } from '@carillon/protocol';
import type { Message } from './message.ts';

/** A session as the store knows it. Whoever reads it after a restart can tell when it ends. */
export interface SessionRecord {
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  /** Seconds; 0 ends with the connection, 0xFFFFFFFF never. */
  readonly sessionExpiryInterval: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; absent while a client is connected. The session ends `sessionExpiryInterval` after it. */
  readonly disconnectedAt: number | undefined;
  /** Who the client was found to be when it last connected. */
  readonly identity: string | undefined;
  /** The groups or roles it was found to have then. */
  readonly groups: readonly string[];
  /** Prefix of every topic of this session; empty for none. */
  readonly mountPoint: string;
}

/** One subscription of a session, as granted. */
export interface SubscriptionRecord {
  /** The filter as the client wrote it, `$share/…` included: UNSUBSCRIBE names it so. */
  readonly filter: string;
  /** The filter that is matched: mount point and rewrites applied, `$share/…` taken off. */
  readonly topicFilter: string;
  /** Set for shared subscriptions. */
  readonly shareName: string | undefined;
  /** The granted maximum. */
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
  readonly subscriptionIdentifier: number | undefined;
}

/**
 * How far the delivery of a queued message has come: not sent; sent under `packetId`; or, at QoS 2, received
 * by the client (PUBREC came), so that only PUBREL is outstanding.
 */
export type DeliveryState = 'queued' | 'sent' | 'released';

/** A message that waits in a session, or is in flight to its client. */
export interface QueueEntry {
  /** Rises by the order of arrival within the session, across restarts too. */
  readonly sequence: number;
  readonly message: Message;
  /** The lower of published QoS and grant; 0 only where the broker lets QoS 0 wait for sessions. */
  readonly qos: QoS;
  /** The RETAIN flag the client will see. */
  readonly retain: boolean;
  readonly subscriptionIdentifiers: readonly number[];
  /** The shared filter (`$share/…`) it came by: should the session end, another member gets it. */
  readonly share: string | undefined;
  /** 0 while `state` is `queued`. */
  readonly packetId: number;
  readonly state: DeliveryState;
}

/** The Will of a session: waiting for its client to vanish, or vanished and waiting for its delay. */
export interface WillRecord {
  readonly message: Omit<Message, 'receivedAt' | 'expiresAt'>;
  /** Seconds. */
  readonly delayInterval: number;
  /** Milliseconds since 1970; absent while the client is connected. */
  readonly dueAt: number | undefined;
}

/** What a session's queue amounts to, without its messages. */
export interface QueueSummary {
  readonly length: number;
  /** Topics and payloads. */
  readonly bytes: number;
  readonly lastSequence: number;
}

/** How much less there is of a queue than its sums said, because records of it were damaged. */
export interface QueueLoss {
  readonly length: number;
  /** Topics and payloads. */
  readonly bytes: number;
}
