import type { Message, WillRecord } from '@carillon/persistence';
import type { ConnackProperties, ConnectPacket, UserProperty, WillProperties } from '@carillon/protocol';
import type {
  AuthenticateAnswer,
  Decision,
  EnhancedAnswer,
  MessageChanges,
  Refusal,
  SubscribeDecision,
} from './answers.ts';
import type { Remote } from './channel.ts';
import type {
  ClientView,
  DropReason,
  Principal,
  PublishReceipt,
  SessionView,
  SubscriptionView,
} from './views.ts';

/**
 * Every hook there is, in the order of a connection's life: its argument and its answer. The kind of a hook
 * follows from its entry in {@link hookKinds}; what a plugin may register, how the engine compiles it and the
 * page `docs/hooks.md` are derived from these two tables.
 */
export interface HookTable {
  /** A connection was accepted; nothing was read from it. "No" closes it without a word. */
  authorizeConnection(event: ConnectionEvent): Decision;
  /** The CONNECT was read and fits the standard; nothing was decided. May change what it asks for. */
  rewriteConnect(event: ConnectEvent): ConnectChanges | undefined;
  /** Who is this? Asked for clients that name no authentication method. "No": CONNACK 0x87, or the code given. */
  authenticate(event: AuthenticateEvent): AuthenticateAnswer;
  /** One round of enhanced authentication (MQTT 5.0 AUTH), or of a re-authentication. */
  authenticateEnhanced(event: EnhancedEvent): EnhancedAnswer;
  /** A second client comes with the id of a connected one. "No" refuses the newcomer. */
  authorizeTakeover(event: TakeoverEvent): Decision;
  /** CONNACK is about to leave: words for the client may be added. Limits cannot be changed here. */
  rewriteConnack(event: ConnackEvent): ConnackChanges | undefined;
  /** CONNACK 0 was sent. */
  connected(event: ConnectedEvent): void;
  /** A connected client is gone. */
  disconnected(event: DisconnectedEvent): void;

  /** May this message be published? Asked for clients, Wills and bridges. */
  authorizePublish(event: PublishEvent): Decision;
  /** Replaces parts of the message. A new topic is checked like a client's, and authorized again. */
  rewritePublish(event: PublishEvent): MessageChanges | undefined;
  /** The message is about to be retained: other parts, or `null` for "do not retain". */
  rewriteRetained(event: PublishEvent): MessageChanges | null | undefined;
  /** The host's own transaction: awaited before the acknowledgement. Throwing or a refusal refuses the message. */
  commitPublish(event: PublishEvent): undefined | Refusal;
  /** The message was routed, stored and acknowledged. */
  published(event: PublishedEvent): void;

  /** May the client have this subscription? Asked once for each filter; may lower the QoS. */
  authorizeSubscribe(event: SubscribeEvent): SubscribeDecision;
  /** Replaces the filter that is matched, or options. The client goes on naming it by its own filter. */
  rewriteSubscribe(event: SubscribeEvent): SubscriptionChanges | undefined;
  /** A subscription was granted. */
  subscribed(event: SubscribeEvent): void;
  /** A subscription is gone. */
  unsubscribed(event: UnsubscribedEvent): void;
  /** What a client may do is about to be asked anew: verdicts kept for it are void. */
  invalidated(event: ClientEvent): void;

  /** Picks the member of a share group that gets the message, by its place in `members`. */
  selectShared(event: SelectSharedEvent): number | undefined;
  /** May this receiver have the message? Synchronous: it is asked for each copy. */
  authorizeDeliver(event: DeliverEvent): Decision;
  /** Replaces parts of one receiver's copy. Synchronous. */
  rewriteDeliver(event: DeliverEvent): MessageChanges | undefined;
  /** A copy went out to a client. */
  delivered(event: DeliveredEvent): void;
  /** A client acknowledged a QoS 1 or 2 message to the end. */
  acknowledged(event: AcknowledgedEvent): void;
  /** A message, or somebody's copy of it, was dropped. */
  dropped(event: DroppedEvent): void;

  /** A Will is about to be published; it then goes through the publish hooks. `null` suppresses it. */
  rewriteWill(event: WillEvent): MessageChanges | null | undefined;
  /** A Will was published. */
  willSent(event: WillEvent): void;

  /** A session began: there was none for the client id, or it was to begin anew. */
  sessionCreated(event: SessionEvent): void;
  /** A client came back to its session. */
  sessionResumed(event: SessionEvent): void;
  /** The Session Expiry Interval ran out. */
  sessionExpired(event: SessionEvent): void;
  /** The session ended otherwise: Clean Start, the end of its connection, or by the host. */
  sessionDeleted(event: SessionEvent): void;

  /** A connection, CONNECT, PUBLISH or subscription was refused, or a connection ended for a fault of the peer. */
  refused(event: RefusedEvent): void;
  /** The store failed; what depended on it was refused. */
  storeFailed(event: StoreFailedEvent): void;
  /** A plugin's hook threw, rejected, hung or gave an impossible answer. */
  hookFailed(event: HookFailedEvent): void;

  /** The connection of a bridge to its remote broker came about, ended, or could not be made. */
  bridgeChanged(event: BridgeEvent): void;

  /** The broker is ready. */
  started(event: BrokerEvent): void;
  /** `close` was called: no new connections, the old ones are being told. */
  draining(event: BrokerEvent): void;
  /** Everything is closed but the plugins. */
  stopped(event: BrokerEvent): void;
}

/**
 * How a hook is run.
 * - `decide`: the first opinion counts; none at all is a no.
 * - `authenticate`: as decide, with richer answers.
 * - `rewrite`: each handler sees what the one before made of it.
 * - `commit`: all handlers, one after another; any refusal refuses.
 * - `select`: the first answer counts.
 * - `observe`: told, never awaited; a failure is counted and swallowed.
 * - `…Sync`: answers by promise are not possible.
 */
export type HookKind =
  | 'decide'
  | 'decideSync'
  | 'authenticate'
  | 'rewrite'
  | 'rewriteSync'
  | 'commit'
  | 'select'
  | 'observe';

/** The kind of every hook. */
export const hookKinds = {
  authorizeConnection: 'decide',
  rewriteConnect: 'rewrite',
  authenticate: 'authenticate',
  authenticateEnhanced: 'authenticate',
  authorizeTakeover: 'decide',
  rewriteConnack: 'rewrite',
  connected: 'observe',
  disconnected: 'observe',
  authorizePublish: 'decide',
  rewritePublish: 'rewrite',
  rewriteRetained: 'rewrite',
  commitPublish: 'commit',
  published: 'observe',
  authorizeSubscribe: 'decide',
  rewriteSubscribe: 'rewrite',
  subscribed: 'observe',
  unsubscribed: 'observe',
  invalidated: 'observe',
  selectShared: 'select',
  authorizeDeliver: 'decideSync',
  rewriteDeliver: 'rewriteSync',
  delivered: 'observe',
  acknowledged: 'observe',
  dropped: 'observe',
  rewriteWill: 'rewrite',
  willSent: 'observe',
  sessionCreated: 'observe',
  sessionResumed: 'observe',
  sessionExpired: 'observe',
  sessionDeleted: 'observe',
  refused: 'observe',
  storeFailed: 'observe',
  hookFailed: 'observe',
  bridgeChanged: 'observe',
  started: 'observe',
  draining: 'observe',
  stopped: 'observe',
} as const satisfies Record<HookName, HookKind>;

/** The name of a hook, such as `authorizePublish`. */
export type HookName = keyof HookTable;

/** The hooks of one kind. */
export type HooksOfKind<Kind extends HookKind> = {
  [Name in HookName]: (typeof hookKinds)[Name] extends Kind ? Name : never;
}[HookName];

/** A connection of which only the other end is known. */
export interface ConnectionEvent {
  readonly remote: Remote;
}

/** A connection and the CONNECT that came on it. */
export interface ConnectEvent extends ConnectionEvent {
  /** The password is left out: only `authenticate` sees it. */
  readonly connect: Readonly<Omit<ConnectPacket, 'type' | 'password'>>;
}

/** What `rewriteConnect` may change. */
export interface ConnectChanges {
  readonly clientId?: string;
  readonly username?: string;
  readonly cleanStart?: boolean;
  /** Seconds. MQTT 5.0 clients are told by Server Keep Alive. */
  readonly keepAlive?: number;
  /** Seconds. */
  readonly sessionExpiryInterval?: number;
}

/** A client that names no authentication method, and what it proves itself with. */
export interface AuthenticateEvent extends ConnectEvent {
  /** As it will be known; made up by the broker when the client gave none. */
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
}

/** One round of enhanced authentication: what the client sent in CONNECT or AUTH. */
export interface EnhancedEvent extends ConnectEvent {
  readonly clientId: string;
  readonly method: string;
  readonly data: Uint8Array | undefined;
  /** 0 for the data in CONNECT or in the AUTH 0x19 that asks for re-authentication, then rising. */
  readonly round: number;
  /** The connected client, when this is a re-authentication. */
  readonly client: ClientView | undefined;
  /** One object for all rounds of one exchange: a key for the plugin's own `WeakMap`. */
  readonly exchange: object;
}

/** A client, authenticated, that comes with the id of a connected one. */
export interface TakeoverEvent extends ConnectEvent {
  /** The client that is connected under the id. */
  readonly client: ClientView;
  /** Who the newcomer was found to be. */
  readonly identity: string | undefined;
}

/** Something that concerns one connected client. */
export interface ClientEvent {
  readonly client: ClientView;
}

/** The CONNACK that is about to leave. */
export interface ConnackEvent extends ClientEvent {
  readonly sessionPresent: boolean;
  readonly properties: Readonly<ConnackProperties>;
}

/** What `rewriteConnack` may change; sent to MQTT 5.0 clients only. */
export interface ConnackChanges {
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
  /** Only for clients that asked for it. */
  readonly responseInformation?: string;
  readonly serverReference?: string;
}

/** A client whose CONNACK was sent. */
export interface ConnectedEvent extends ClientEvent {
  readonly sessionPresent: boolean;
}

/** A client whose connection is over, and how it ended. */
export interface DisconnectedEvent extends ClientEvent {
  /** Who ended it: the client by DISCONNECT, the broker, or the network. */
  readonly by: 'client' | 'broker' | 'network';
  /** Of the DISCONNECT that was received or (even if only meant) sent; 0 for the network. */
  readonly reasonCode: number;
  readonly reason: string;
}

/** A message on its way in, and who publishes it. */
export interface PublishEvent {
  readonly message: Message;
  /** The publishing client; of a Will, the client that left it. Absent for the host, bridges, and after a restart. */
  readonly client: ClientView | undefined;
  /** Who publishes, also when only its session is known: the client that left a Will. Absent for the host and bridges. */
  readonly publisher: Principal | undefined;
}

/** A message that was routed, and where its copies went. */
export interface PublishedEvent extends PublishEvent {
  readonly receipt: PublishReceipt;
}

/** One filter of a SUBSCRIBE: as asked for before it is granted, as granted in `subscribed`. */
export interface SubscribeEvent extends ClientEvent {
  readonly subscription: SubscriptionView;
}

/** What `rewriteSubscribe` may change. */
export interface SubscriptionChanges {
  /** The filter that is matched, without `$share/…`. */
  readonly filter?: string;
  readonly qos?: 0 | 1 | 2;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: 0 | 1 | 2;
}

/** A subscription that is gone. Its client need not be connected. */
export interface UnsubscribedEvent {
  readonly clientId: string;
  readonly filter: string;
  /** By UNSUBSCRIBE, with its session, or because it is not allowed any more. */
  readonly why: 'asked' | 'session-ended' | 'not-authorized';
}

/** A message for a share group, and those of the group it may go to. */
export interface SelectSharedEvent {
  readonly shareName: string;
  readonly filter: string;
  readonly message: Message;
  /** Those who can take the message now: connected ones where there are any. */
  readonly members: readonly ShareMember[];
}

/** A session that holds a subscription of a share group. */
export interface ShareMember {
  readonly clientId: string;
  readonly connected: boolean;
  /** Messages in flight and waiting. */
  readonly load: number;
}

/** One receiver's copy of a message, before it is sent or queued. */
export interface DeliverEvent {
  readonly message: Message;
  readonly clientId: string;
  readonly identity: string | undefined;
  /** Who receives, connected or not; the same object for as long as the client stays the same. */
  readonly receiver: Principal;
  /** The connected client; absent when the message is queued for a session without one. */
  readonly client: ClientView | undefined;
}

/** A copy of a message as it went out. */
export interface DeliveredEvent {
  readonly message: Message;
  readonly clientId: string;
  readonly qos: 0 | 1 | 2;
  /** 0 at QoS 0. */
  readonly packetId: number;
  /** True when the packet was sent before. */
  readonly dup: boolean;
}

/** The end of a delivery: PUBACK at QoS 1, PUBCOMP at QoS 2 (or PUBREC, when it refuses). */
export interface AcknowledgedEvent {
  readonly message: Message;
  readonly clientId: string;
  readonly packetId: number;
  readonly reasonCode: number;
}

/** A message, or one copy of it, that goes no further, and why. */
export interface DroppedEvent {
  readonly message: Message;
  readonly reason: DropReason;
  /** Whose copy; absent when the message as a whole was dropped. */
  readonly clientId: string | undefined;
}

/** A Will that is due or, in `willSent`, was published. */
export interface WillEvent {
  readonly clientId: string;
  readonly will: WillRecord['message'] & { readonly properties: WillProperties };
}

/** A session at a turn of its life; of one that ended, as it was last. */
export interface SessionEvent {
  readonly session: SessionView;
}

/** What was refused, why, and by whom. */
export interface RefusedEvent {
  readonly what:
    | 'connection'
    | 'connect'
    | 'publish'
    | 'subscribe'
    | 'unsubscribe'
    | 'authentication'
    | 'packet';
  readonly reasonCode: number;
  /** A plugin's `because` where it gave one, and what the client is told otherwise. */
  readonly reason: string;
  /** What refused: the name of a plugin, `limit:…`, `listener:…`, `permissions`, `state`, or the id of the rule of the standard. */
  readonly by: string;
  readonly clientId: string | undefined;
  readonly remote: Remote | undefined;
  /** Topic or filter, where there is one. */
  readonly topic: string | undefined;
}

/** A call to the store that failed. */
export interface StoreFailedEvent {
  readonly store: string;
  readonly during: 'commit' | 'read';
  readonly error: Error;
}

/** A call of a plugin's hook that failed, and how. */
export interface HookFailedEvent {
  readonly plugin: string;
  readonly hook: HookName;
  readonly failure: 'threw' | 'timed-out' | 'impossible-answer' | 'late-answer' | 'promise-from-sync';
  readonly error: Error;
}

/** What became of a bridge's connection to its remote broker. */
export interface BridgeEvent {
  /** The name of the bridge. */
  readonly bridge: string;
  /** `failed` when the connection could not be made: `reason` says why. */
  readonly change: 'connected' | 'disconnected' | 'failed' | 'stopped';
  /** The remote broker, as configured: without password. */
  readonly address: string;
  /** In words; empty for `connected`. */
  readonly reason: string;
  /** A stable upper-case code for `reason`, such as `BRIDGE_CREDENTIALS_REFUSED`; empty for `connected`. */
  readonly code: string;
}

/** A turn in the broker's own life. */
export interface BrokerEvent {
  /** Milliseconds since 1970. */
  readonly at: number;
}
