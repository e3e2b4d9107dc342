import type { Message } from '@carillon/persistence';
import type { MessageProperties, QoS, RetainHandling, UserProperty } from '@carillon/protocol';
import type { Grant } from './answers.ts';
import type { ByteChannel, Remote } from './channel.ts';
import type { BridgeEvent } from './hook-table.ts';
import type { Plugin, Registration } from './plugin.ts';
import type { ClientView, InflightView, PublishReceipt, SessionView, SubscriptionView } from './views.ts';

/** A payload as it is handed to the broker. Strings are sent as UTF-8. */
export type Payload = Uint8Array | string;

/** How a message of this process is published. */
export interface PublishOptions {
  /** Default 0. */
  readonly qos?: QoS;
  /** Default false. */
  readonly retain?: boolean;
  readonly properties?: MessageProperties;
  /** Names the publisher in `message.publisherId`. */
  readonly publisherId?: string;
  /**
   * Set by bridges, so that their messages are told apart; default `host`. What a bridge publishes below `$SYS`
   * tells its state: like the broker's own topics there it is kept in memory only and passes no hook.
   */
  readonly origin?: 'host' | 'bridge';
}

/** How a plugin connects from inside the process. */
export interface InProcessOptions {
  /**
   * The client id its CONNECT will have. From here on it is the plugin's: a client of the network that comes
   * with it is refused (0x85), whether the plugin is connected or not, until `endSession` is called for it.
   */
  readonly clientId: string;
  /** Of what it publishes. With `bridge`, `authorizePublish` is asked, as it is by `publish`. Default `host`. */
  readonly origin?: 'host' | 'bridge';
  /**
   * Names the publisher in `message.publisherId`. No Local holds back from a plugin's session what was published under
   * its own. Default: the client id.
   */
  readonly publisherId?: string;
  /**
   * Of the topics that its subscriptions match, the session takes those that fall to part `index` when all topics are
   * divided into `of` parts, always alike: so several sessions share a load and keep the order of each topic. Shared
   * subscriptions are not divided. Default: all. As `clientId` it holds until `endSession`, connected or not; in a broker
   * that has not started yet it holds from the start.
   */
  readonly part?: { readonly index: number; readonly of: number };
}

/** For whom a plugin connects that translates between MQTT and another protocol. */
export interface OnBehalfOptions {
  /** What is known of the client; its hooks see it so. */
  readonly remote: Remote;
  /** Who the client is, where the plugin has found it out: nobody else is asked then. Default: the broker's hooks are. */
  readonly grant?: Grant;
  /**
   * Asked once it is known who the client is, before anything is changed: "no" refuses it (0x87). For a session that is
   * to be given back to nobody else.
   */
  accepts?(identity: string | undefined): boolean;
}

/** A message as a handler in this process gets it. */
export interface ReceivedMessage extends Message {
  /** Sent because the subscription was just made, rather than live. */
  readonly retained: boolean;
  /** The levels of the topic that the filter left open, by name: `{id}` gives `id`, a bare `+` its number. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The payload as UTF-8 text. */
  text(): string;
  /** The payload as JSON; throws a `SyntaxError` when it is none. */
  json(): unknown;
}

/** Called for one message at a time: the next one waits for its promise. What it throws is logged. */
export type MessageHandler = (message: ReceivedMessage) => undefined | void | Promise<void>;

/** What a subscription of this process asks for. */
export interface SubscribeOptions {
  /** Messages of a higher QoS arrive at this one. Default 2. */
  readonly qos?: QoS;
  /** As in MQTT 5.0. Default 0: send retained messages. */
  readonly retainHandling?: RetainHandling;
  /** Do not send what this process published under the same `publisherId`. Default false. */
  readonly noLocal?: boolean;
  /** Compared by `noLocal`. */
  readonly publisherId?: string;
  /** Messages that may wait for the handler; beyond it they are dropped and `dropped` is told. Default 1000. */
  readonly maximumQueuedMessages?: number;
}

/** A subscription of this process. */
export interface HostSubscription {
  readonly filter: string;
  /** Messages that wait for the handler. */
  readonly queued: number;
  /** Ends it: what waits is not handed over any more. Calling it again does nothing. */
  unsubscribe(): void;
  /** The same as `unsubscribe`, for `using`. */
  [Symbol.dispose](): void;
}

/** A stream of messages; leaving the loop ends the subscription. */
export interface MessageStream extends AsyncIterableIterator<ReceivedMessage>, AsyncDisposable {
  /** Ends the loop after what has already arrived. */
  end(): void;
}

/** What a client is told when the host disconnects it. */
export interface DisconnectOptions {
  /** A DISCONNECT reason code a server may send. Default 0x98 Administrative action. */
  readonly reasonCode?: number;
  readonly reasonString?: string;
  readonly userProperties?: readonly UserProperty[];
  /** With 0x9C and 0x9D. */
  readonly serverReference?: string;
}

/** A connected client in the host's hands. */
export interface Client extends ClientView {
  /** Ends its connection: an MQTT 5.0 client is told why, an earlier one is cut off. Its session stays as it was agreed. */
  disconnect(options?: DisconnectOptions): void;
  /** Asks all deciding hooks again: verdicts kept for the client are dropped, subscriptions not allowed any more end. */
  invalidate(): Promise<void>;
}

/** A group of clients that share a subscription. */
export interface ShareView {
  readonly shareName: string;
  /** With the mount point of its members, where they have one. */
  readonly filter: string;
  readonly mountPoint: string;
  readonly members: readonly string[];
}

/** Why a client may or may not do something, step by step. */
export interface Explanation {
  readonly allowed: boolean;
  /** What decided: the name of a plugin, `limit:…`, `permissions`, `queue`, `subscription`, `default`. */
  readonly decidedBy: string;
  readonly reasonCode: number;
  readonly steps: readonly ExplanationStep[];
}

/** One thing that was asked on the way to the answer. */
export interface ExplanationStep {
  readonly step: string;
  readonly outcome: 'allowed' | 'denied' | 'no opinion' | 'noted';
  readonly detail: string;
}

/** How a broker says goodbye. */
export interface CloseOptions {
  /** Milliseconds for clients to take what was sent; then they are cut off. Default 5000. */
  readonly within?: number;
  /**
   * Milliseconds for the store to finish what it was asked last, and as long again to close; then it is given
   * up, and `close` rejects with `BROKER_STORE_HANGS`. Default 10,000.
   */
  readonly storeWithin?: number;
  /** Tells MQTT 5.0 clients to go there (0x9C) rather than that the server shuts down (0x8B). */
  readonly serverReference?: string;
}

/** Numbers since the start. */
export interface Counters {
  readonly clientsConnected: number;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly retainedMessages: number;
  readonly retainedBytes: number;
  readonly messagesReceived: number;
  readonly messagesSent: number;
  readonly publishReceived: number;
  readonly publishSent: number;
  readonly publishDropped: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly connectionsAccepted: number;
  readonly connectionsRefused: number;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
}

/** What plugins and the host can do with a running broker. */
export interface Broker {
  /** Registers a plugin. Its hooks are in force when this returns; while its `setup` is under way they let wait. */
  use(plugin: Plugin): Registration;
  /** Serves MQTT on an open connection. */
  handle(channel: ByteChannel, remote: Remote): void;
  /**
   * Connects a plugin as a client, without a socket: bytes of MQTT, of any version, in both directions. What the
   * plugin gains over `publish` and `subscribe` is a session: messages wait for it in the store, with the broker's
   * durability and limits, and both sides repeat what was not acknowledged.
   *
   * It is trusted as the host is: nobody is asked whether it may connect, subscribe or receive, there is no keep
   * alive, and the limit for connections does not count it. What holds for clients' sessions and messages holds
   * for it too. It does not start the broker: what is written before waits until the broker runs.
   *
   * @throws {BrokerError} `BROKER_CLOSED`
   */
  connectInProcess(options: InProcessOptions): ByteChannel;
  /**
   * Connects a client that speaks another protocol than MQTT, which the plugin translates: bytes of MQTT 5.0 in both
   * directions, without a socket. The plugin is not trusted for it: all hooks are asked and all limits hold as for a
   * client of the network, except that there is no keep alive. Starts the broker as `handle` does.
   *
   * @throws {BrokerError} `BROKER_CLOSED`
   */
  connectOnBehalf(options: OnBehalfOptions): ByteChannel;
  /** For bridges: tells the hook `bridgeChanged`. */
  bridgeChanged(event: BridgeEvent): void;
  /** Publishes from this process. Resolves when the message is routed and stored with the configured durability. */
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<PublishReceipt>;
  /** Calls `handler` for each message that matches, one at a time. */
  subscribe(filter: string, handler: MessageHandler, options?: SubscribeOptions): HostSubscription;
  /** The messages that match, for `for await`. */
  messages(filter: string, options?: SubscribeOptions): MessageStream;

  /** The client of that id, if it is connected. */
  client(clientId: string): Client | undefined;
  /** The clients that are connected. */
  clients(): IterableIterator<Client>;
  /** The session of that id, its client connected or not. */
  session(clientId: string): SessionView | undefined;
  /** All sessions, their clients connected or not. */
  sessions(): IterableIterator<SessionView>;
  /** Ends a session: disconnects its client, forgets its subscriptions and queue. False when there is none. */
  endSession(clientId: string, options?: DisconnectOptions): boolean;
  /**
   * The message that is in flight to a session under a packet identifier; undefined when none is. For a plugin that
   * connects in process and has to know more of a message than its PUBLISH says.
   */
  inflight(clientId: string, packetId: number): InflightView | undefined;
  /** The subscriptions of a session; none when there is no such session. */
  subscriptions(clientId: string): readonly SubscriptionView[];
  /** The groups that share subscriptions now. */
  shares(): IterableIterator<ShareView>;
  /** The retained message of a topic. */
  retained(topic: string): Message | undefined;
  /** The retained messages that match a filter. */
  retainedMessages(filter: string): IterableIterator<Message>;
  /** Removes retained messages; returns how many. */
  clearRetained(filter: string): Promise<number>;
  /** Numbers since the start. */
  counters(): Counters;
  /** Says whether a client may do something, and what decides: asks the hooks as if it did, and changes nothing. */
  explain(clientId: string, action: 'publish' | 'subscribe' | 'receive', topic: string): Promise<Explanation>;
  /**
   * Tells the clients, sends and stores what is left, closes plugins and store. May be called twice. Rejects when
   * the store does not answer in time, or fails to close: the broker is closed all the same.
   */
  close(options?: CloseOptions): Promise<void>;
}
