import type { Clock, Logger, RandomSource, Scheduler } from '@carillon/hooks';
import type { Durability, Store } from '@carillon/persistence';
import type { QoS } from '@carillon/protocol';
import type { TopicDurability } from './topic-durability.ts';

/** How a share group chooses who gets the next message. */
export type ShareStrategy = 'round-robin' | 'least-loaded' | 'sticky' | 'topic-hash';

/** What happens to a message when a session's queue is full: the new one goes, or the oldest that is not in flight. */
export type QueueOverflow = 'drop-newest' | 'drop-oldest';

/** Numbers that bound what one peer, or all of them, can make the broker hold. Every one has a safe default. */
export interface Limits {
  /** Connections at the same time. Default 100,000. Beyond it a newcomer is closed without a word. */
  readonly maximumConnections: number;
  /** Connections at the same time from one address. Default 10,000. */
  readonly maximumConnectionsPerAddress: number;
  /** Milliseconds until a connection must have sent its CONNECT and been authenticated. Default 10,000. */
  readonly connectTimeout: number;
  /** Bytes of the CONNECT packet, and of all that is sent along with it before CONNACK. Default 65,536. */
  readonly maximumConnectBytes: number;
  /** Bytes of an incoming packet, announced in CONNACK. Default 1,048,576. */
  readonly maximumPacketSize: number;
  /** QoS 1 and 2 messages a client may have unfinished, announced in CONNACK. Default 1024. */
  readonly receiveMaximum: number;
  /** QoS 1 and 2 messages in flight to a client, whatever its own Receive Maximum says. Default 100. */
  readonly maximumInflight: number;
  /** Topic aliases a client may set, announced in CONNACK. Default 32. */
  readonly topicAliasMaximum: number;
  /** Topic aliases the broker sets towards a client that takes them. Default 32. */
  readonly outboundTopicAliasMaximum: number;
  /** Messages that may wait in a session. Default 1000. */
  readonly maximumQueuedMessages: number;
  /** Bytes (topics and payloads) that may wait in a session. Default 16,777,216. */
  readonly maximumQueuedBytes: number;
  /** Bytes a connection may have unsent before it counts as a slow reader. Default 1,048,576. */
  readonly maximumOutputBytes: number;
  /** Milliseconds a slow reader may take nothing at all before it is cut off. Default 60,000. */
  readonly stalledOutputTimeout: number;
  /** Subscriptions of one session. Default 10,000. */
  readonly maximumSubscriptions: number;
  /** Levels of a topic or filter. Default 128. */
  readonly maximumTopicLevels: number;
  /** Bytes of a topic or filter. Default 65,535, the most MQTT can say. */
  readonly maximumTopicBytes: number;
  /** Retained messages. Default 1,000,000. */
  readonly maximumRetainedMessages: number;
  /** Bytes (topics and payloads) of retained messages. Default 268,435,456. */
  readonly maximumRetainedBytes: number;
  /** Sessions, connected or not. Default 1,000,000. */
  readonly maximumSessions: number;
  /** Seconds a session may outlive its connection; longer wishes are shortened. Default 0xFFFFFFFF: as the client says. */
  readonly maximumSessionExpiryInterval: number;
  /** Seconds. A client that asks for a longer keep alive, or none, is told this one. Default 0: as the client says. */
  readonly maximumKeepAlive: number;
  /** Packets of a connection that may wait for a hook to answer before reading stops. Default 1000. */
  readonly maximumWaitingPackets: number;
  /**
   * Changes and answers that may wait while the store is busy with a batch; beyond it no packet but PINGREQ is handled
   * until the store is done. Default 100,000.
   */
  readonly maximumWaitingChanges: number;
  /** Rounds that one enhanced authentication may take. Default 16. */
  readonly maximumAuthenticationRounds: number;
}

/** Options of the engine. Those of `createBroker` add transports. */
export interface EngineOptions {
  /** What one peer, or all of them, can make the broker hold. */
  readonly limits?: Partial<Limits>;
  /** The highest QoS the broker takes and grants. Default 2. */
  readonly maximumQoS?: QoS;
  /** Whether messages can be retained. Default true. */
  readonly retainAvailable?: boolean;
  /** Whether filters may have wildcards. Default true. */
  readonly wildcardSubscriptionAvailable?: boolean;
  /** Whether there are shared subscriptions, `$share/…`. Default true. */
  readonly sharedSubscriptionAvailable?: boolean;
  /** Whether MQTT 5.0 clients may number their subscriptions. Default true. */
  readonly subscriptionIdentifiersAvailable?: boolean;
  /** Whether clients before MQTT 5.0 can use `$share/…` too. Default true. */
  readonly sharedSubscriptionsFor3?: boolean;
  /** Overlapping filters of one client: one copy with all identifiers, or one copy for each. Default `one-copy`. */
  readonly overlappingSubscriptions?: 'one-copy' | 'copy-per-filter';
  /** How a share group chooses who gets the next message. Default `round-robin`. */
  readonly shareStrategy?: ShareStrategy;
  /** What goes when a session's queue is full: the new message, or the oldest that is not in flight. Default `drop-newest`. */
  readonly queueOverflow?: QueueOverflow;
  /** Whether QoS 0 messages wait for sessions whose client is away. Default false. */
  readonly queueQoS0?: boolean;
  /** Answer a publisher with 0x10 when nobody matched, rather than 0x00. Default true. */
  readonly tellNoMatchingSubscribers?: boolean;
  /** Seconds between updates of the `$SYS` topics; 0 turns them off. Default 10. */
  readonly systemTopicInterval?: number;
  /** Response Information for clients that ask for it, made from their client id. Default: none. */
  readonly responseInformation?: (clientId: string) => string | undefined;
  /** Milliseconds a hook's promise may take; a plugin may say otherwise for itself. Default 5000. */
  readonly hookTimeout?: number;
  /** What acknowledgements promise. Default: what the store can promise at most. */
  readonly durability?: Durability;
  /** Another promise for the messages of some topics; the first filter that matches counts. Default: none. */
  readonly durabilityByTopic?: readonly TopicDurability[];
  /** Where sessions and messages are kept. Default: in memory. */
  readonly persistence?: Store;
  /** Told what happens, in the shape of pino; `console` will do. Default: silent. */
  readonly logger?: Logger;
  /** Shown in `$SYS/broker/version`. */
  readonly version?: string;
}

/** What the engine takes from the world; `createBroker` supplies Node's, the testkit its own. */
export interface Platform {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
}
