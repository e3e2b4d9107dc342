import type {
  BridgeEvent,
  Broker,
  ByteChannel,
  Client,
  CloseOptions,
  Counters,
  DisconnectOptions,
  Explanation,
  HostSubscription,
  InflightView,
  InProcessOptions,
  Message,
  MessageHandler,
  MessageStream,
  OnBehalfOptions,
  Payload,
  Plugin,
  PublishOptions,
  PublishReceipt,
  Registration,
  Remote,
  SessionView,
  ShareView,
  SubscribeOptions,
  SubscriptionView,
} from '@carillon/hooks';
import type { MaybePromise } from '@carillon/persistence';
import { acceptConnection, acceptInProcess, tellRefused } from './connection/accept-connection.ts';
import { disconnectReason } from './connection/disconnect-reason.ts';
import { WaitingRoom } from './connection/waiting-room.ts';
import { BrokerError } from './host/broker-error.ts';
import { closeBroker } from './host/close-broker.ts';
import { explain } from './host/explain.ts';
import { InProcessSubscription } from './host/host-subscription.ts';
import { inProcessPair } from './host/in-process-channel.ts';
import { SubscriptionStream } from './host/message-stream.ts';
import { publishFromHost } from './host/publish-from-host.ts';
import { reserveId } from './host/reserve-id.ts';
import type { EngineOptions, Limits, Platform } from './options/engine-options.ts';
import { RunningEngine } from './running-engine.ts';
import { subscriptionView } from './session/session.ts';
import { loadStored } from './store/load-stored.ts';
import { StorePatience } from './store/store-patience.ts';
import { countEverything } from './system/count-everything.ts';
import { SystemTopics } from './system/system-topics.ts';
import { isPromise } from './when-done.ts';

type BrokerState = 'new' | 'starting' | 'running' | 'closing' | 'closed';

/** Milliseconds. */
const storePatience = 10_000;

/** The engine as its host has it in hand: see the interface `Broker` for what each method promises. */
export class EngineBroker implements Broker {
  readonly #engine: RunningEngine;
  readonly #systemTopics: SystemTopics;
  readonly #waiting: WaitingRoom;
  /** Whose loops end with the broker. */
  readonly #streams = new Set<SubscriptionStream>();
  /** What the host's subscriptions wait for. */
  #atStart: (() => void)[] = [];
  readonly #whenStarted = (run: () => void): void => {
    if (this.#state === 'running') run();
    else this.#atStart.push(run);
  };
  /** Connections of plugins that were there first. */
  readonly #waitingForStart = new Map<ByteChannel, InProcessOptions>();
  #state: BrokerState = 'new';
  #starting: Promise<void> | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;
  /** Rejects when the broker was closed before its store had loaded. */
  readonly #givenUp: Promise<never>;
  #giveUp: (error: BrokerError) => void = () => {};

  /** @throws OptionError when an option cannot be. */
  constructor(options: EngineOptions, platform: Platform) {
    this.#engine = new RunningEngine(options, platform);
    this.#systemTopics = new SystemTopics(this.#engine);
    this.#waiting = new WaitingRoom(this.#engine);
    this.#givenUp = new Promise((_, reject) => {
      this.#giveUp = reject;
    });
    // Nobody waits for it once the broker has started.
    this.#givenUp.catch(() => {});
  }

  /** The limits in force. */
  get limits(): Limits {
    return this.#engine.options.limits;
  }

  /** Opens the store and takes up what it has. Everything else starts the broker when it needs it. */
  start(): Promise<void> {
    return Promise.resolve(this.#start());
  }

  use(plugin: Plugin): Registration {
    this.#refuseWhenClosed();
    if (plugin.persistence === undefined) return this.#engine.hooks.use(plugin, this);
    if (this.#state !== 'new') {
      throw new BrokerError(
        'BROKER_RUNNING',
        `plugin "${plugin.name}" brings a store, and the broker runs already: register it before anything else`,
      );
    }
    const registration = this.#engine.hooks.use(plugin, this);
    this.#engine.storage.choose(plugin.persistence, plugin.name);
    return registration;
  }

  handle(channel: ByteChannel, remote: Remote): void {
    if (this.#state === 'closing' || this.#state === 'closed') channel.destroy();
    else this.#accept(channel, remote);
  }

  #accept(channel: ByteChannel, remote: Remote, onBehalf?: OnBehalfOptions): void {
    const started = this.#start();
    if (isPromise(started)) this.#waiting.enter(started, channel, remote, onBehalf);
    else acceptConnection(this.#engine, channel, remote, onBehalf);
  }

  connectInProcess(options: InProcessOptions): ByteChannel {
    this.#refuseWhenClosed();
    reserveId(this.#engine, options);
    const [plugin, broker] = inProcessPair(this.#engine.scheduler);
    if (this.#state === 'running') acceptInProcess(this.#engine, broker, options);
    else this.#waitingForStart.set(broker, options);
    return plugin;
  }

  connectOnBehalf(options: OnBehalfOptions): ByteChannel {
    this.#refuseWhenClosed();
    const [plugin, broker] = inProcessPair(this.#engine.scheduler);
    this.#accept(broker, options.remote, options);
    return plugin;
  }

  bridgeChanged(event: BridgeEvent): void {
    this.#engine.hooks.slots.bridgeChanged?.(event);
  }

  /** For listeners: a connection was turned away before it was handed over. Counted, and told to `refused`. */
  connectionRefused(remote: Remote, reasonCode: number, reason: string, by: string): void {
    tellRefused(this.#engine, remote, reasonCode, reason, by);
  }

  async publish(topic: string, payload: Payload, options: PublishOptions = {}): Promise<PublishReceipt> {
    this.#refuseWhenClosed();
    await this.#start();
    return publishFromHost(this.#engine, topic, payload, options);
  }

  subscribe(filter: string, handler: MessageHandler, options: SubscribeOptions = {}): HostSubscription {
    this.#refuseWhenClosed();
    return new InProcessSubscription(this.#engine, filter, handler, options, this.#whenStarted);
  }

  messages(filter: string, options: SubscribeOptions = {}): MessageStream {
    this.#refuseWhenClosed();
    const stream = new SubscriptionStream(this.#engine, filter, options, this.#whenStarted, (over) =>
      this.#streams.delete(over),
    );
    this.#streams.add(stream);
    return stream;
  }

  client(clientId: string): Client | undefined {
    const connection = this.#engine.sessions.get(clientId)?.connection;
    return connection?.isReady === true ? connection.client : undefined;
  }

  *clients(): IterableIterator<Client> {
    for (const connection of this.#engine.connections) {
      if (connection.isReady && connection.client !== undefined) yield connection.client;
    }
  }

  session(clientId: string): SessionView | undefined {
    return this.#engine.sessions.get(clientId)?.view();
  }

  *sessions(): IterableIterator<SessionView> {
    for (const session of this.#engine.sessions.values()) yield session.view();
  }

  endSession(clientId: string, options: DisconnectOptions = {}): boolean {
    this.#refuseWhenClosed();
    const { reasonCode, reason } = disconnectReason(options);
    const { sessions, reservedIds } = this.#engine;
    reservedIds.delete(clientId);
    const session = sessions.get(clientId);
    if (session === undefined) return false;
    session.connection?.terminate(reasonCode, reason, options);
    sessions.end(session, 'by-host');
    return true;
  }

  inflight(clientId: string, packetId: number): InflightView | undefined {
    const entry = this.#engine.sessions.get(clientId)?.usedOutbox?.inflight.get(packetId);
    return entry && { sequence: entry.sequence, message: entry.message };
  }

  subscriptions(clientId: string): readonly SubscriptionView[] {
    const session = this.#engine.sessions.get(clientId);
    return session === undefined ? [] : Array.from(session.subscriptions.values(), subscriptionView);
  }

  *shares(): IterableIterator<ShareView> {
    for (const group of this.#engine.router.groups()) {
      yield {
        shareName: group.shareName,
        filter: group.topicFilter,
        mountPoint: group.mountPoint,
        members: group.members.map(({ receiver }) => receiver.clientId),
      };
    }
  }

  retained(topic: string): Message | undefined {
    return this.#engine.retained.get(topic);
  }

  retainedMessages(filter: string): IterableIterator<Message> {
    return this.#engine.retained.matching(filter);
  }

  async clearRetained(filter: string): Promise<number> {
    await this.#start();
    const topics = Array.from(this.#engine.retained.matching(filter), ({ topic }) => topic);
    for (const topic of topics) this.#engine.retained.clear(topic);
    await this.#engine.turn.settled();
    return topics.length;
  }

  counters(): Counters {
    return countEverything(this.#engine);
  }

  explain(
    clientId: string,
    action: 'publish' | 'subscribe' | 'receive',
    topic: string,
  ): Promise<Explanation> {
    return explain(this.#engine, clientId, action, topic);
  }

  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  #start(): MaybePromise<void> {
    if (this.#state === 'running') return undefined;
    if (this.#starting !== undefined) return this.#starting;
    this.#refuseWhenClosed();
    this.#engine.storage.check();
    this.#state = 'starting';
    const loaded = loadStored(this.#engine);
    if (!isPromise(loaded)) {
      this.#started();
      return undefined;
    }
    this.#starting = Promise.race([loaded, this.#givenUp]).then(() => this.#started());
    // Who only hands connections over never sees the promise.
    this.#starting.catch((error: unknown) => {
      this.#engine.logger.error(
        { err: error, store: this.#engine.storage.store.name },
        'the broker cannot start',
      );
    });
    return this.#starting;
  }

  #started(): void {
    if (this.#state !== 'starting') return;
    this.#state = 'running';
    // Before anything else happens, so that nothing comes both retained and live.
    for (const run of this.#atStart) run();
    this.#atStart = [];
    this.#systemTopics.start();
    this.#engine.hooks.slots.started?.({ at: this.#engine.now() });
    for (const [channel, options] of this.#waitingForStart) acceptInProcess(this.#engine, channel, options);
    this.#waitingForStart.clear();
  }

  async #close(options: CloseOptions): Promise<void> {
    const { clock, storage } = this.#engine;
    const store = new StorePatience(clock, storage.store.name, options.storeWithin ?? storePatience);
    await this.#startIsOver(store);
    const storeIsOpen = this.#state === 'running' || store.error !== undefined;
    this.#state = 'closing';
    this.#systemTopics.stop();
    for (const channel of this.#waitingForStart.keys()) channel.destroy();
    this.#waitingForStart.clear();
    try {
      await closeBroker(this.#engine, options, {
        storeIsOpen,
        store,
        clientsLeft: () => {
          for (const stream of [...this.#streams]) stream.end();
        },
      });
    } finally {
      this.#state = 'closed';
    }
    if (store.error !== undefined) throw store.error;
  }

  /** A store that does not load is not waited for for ever. */
  async #startIsOver(store: StorePatience): Promise<void> {
    if (this.#starting === undefined) return;
    await store.waitFor(
      this.#starting.catch(() => {}),
      'loaded what it has',
    );
    if (store.error === undefined) return;
    this.#state = 'closing';
    this.#giveUp(store.error);
  }

  #refuseWhenClosed(): void {
    if (this.#state === 'closing' || this.#state === 'closed') {
      throw new BrokerError('BROKER_CLOSED', 'the broker is closed');
    }
  }
}
