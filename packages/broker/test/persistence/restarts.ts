import type { PluginHooks } from '@carillon/hooks';
import { memoryStore, type Store } from '@carillon/persistence';
import { type ConnectDraft, Laboratory, type LaboratoryClientOptions, PacketClient } from '@carillon/testkit';
import { EngineBroker, type EngineOptions } from '../../src/index.ts';

/**
 * One store, and brokers that come and go over it, as the processes of one installation do. The first one
 * runs from the beginning.
 *
 * @example
 * ```ts
 * const house = new Restarts();
 * const alice = await house.connect({ clientId: 'alice', cleanStart: false });
 * house.crash();
 * await house.laboratory.advance(60_000); // the downtime
 * house.start();
 * ```
 */
export class Restarts {
  readonly laboratory = new Laboratory();
  readonly store: Store;
  readonly #options: EngineOptions;
  #process: Process;

  constructor(options: EngineOptions = {}, hooks: PluginHooks = {}, store: Store = memoryStore()) {
    this.#options = options;
    this.store = store;
    this.#process = this.#begin(hooks);
  }

  /** The broker of now. */
  get broker(): EngineBroker {
    return this.#process.broker;
  }

  /** A broker begins where the last one ended. */
  start(hooks: PluginHooks = {}): EngineBroker {
    this.#process = this.#begin(hooks);
    return this.broker;
  }

  /** The process is killed: from now on nothing of it reaches the store, and nobody was told. */
  crash(): void {
    this.#process.isAlive = false;
  }

  /** The broker is closed in order. */
  async close(): Promise<void> {
    const closed = this.broker.close();
    await this.laboratory.settle();
    await closed;
  }

  /** The process is killed, and the next one begins after so much downtime. */
  async crashAndStart(downtime = 0, hooks: PluginHooks = {}): Promise<EngineBroker> {
    this.crash();
    await this.laboratory.advance(downtime);
    return this.start(hooks);
  }

  connect(draft?: ConnectDraft, how?: Omit<LaboratoryClientOptions, 'laboratory'>): Promise<PacketClient> {
    return this.laboratory.connect(this.broker, draft, how);
  }

  /** A client that has said nothing yet. */
  arrive(how: Omit<LaboratoryClientOptions, 'laboratory'> = {}): PacketClient {
    return PacketClient.connect(this.broker, { ...how, laboratory: this.laboratory });
  }

  /** The client id takes its session up again, and gets what it has for it. */
  async resume(clientId: string, draft: ConnectDraft = {}): Promise<PacketClient> {
    const properties = { sessionExpiryInterval: 3600, ...draft.properties };
    return this.connect({ cleanStart: false, ...draft, clientId, properties });
  }

  #begin(hooks: PluginHooks): Process {
    const process: Process = { isAlive: true, broker: this.#brokerOver(() => process.isAlive) };
    process.broker.use({ name: 'house', hooks });
    return process;
  }

  #brokerOver(isAlive: () => boolean): EngineBroker {
    const options = { systemTopicInterval: 0, logger: this.laboratory.logger, ...this.#options };
    return new EngineBroker(
      { ...options, persistence: untilDeath(this.store, isAlive) },
      this.laboratory.platform,
    );
  }
}

interface Process {
  readonly broker: EngineBroker;
  isAlive: boolean;
}

/** The store as one process reaches it. */
function untilDeath(store: Store, isAlive: () => boolean): Store {
  return {
    name: store.name,
    supports: store.supports,
    open: () => store.open(),
    load: () => store.load(),
    close: () => store.close(),
    readQueue: (...asked) => store.readQueue(...asked),
    commit: (batch, durability) => (isAlive() ? store.commit(batch, durability) : new Promise(() => {})),
  };
}
