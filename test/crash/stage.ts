import type { Plugin } from '@carillon/hooks';
import type { Laboratory } from '@carillon/testkit';
import type { MortalProcess } from './fatal-calls.ts';
import { type Connecting, ModelClient, type ModelClientOptions } from './model-client.ts';
import { MortalBroker } from './mortal-broker.ts';
import { brokenPromises } from './promises-kept.ts';
import { SubscriberRecord, TrafficRecord } from './traffic-record.ts';

/** What a broker runs on: it outlives the broker, and may be the death of it. */
export interface Ground {
  /** The store for a process that starts, as a plugin. */
  persistence(process: MortalProcess): Plugin;
  /** A process died. */
  died(): void;
  /** From here on nothing goes wrong any more. */
  becomeReliable(): void;
}

/** What came of it all. */
export interface TrafficReport {
  readonly faults: readonly string[];
  readonly conversation: readonly string[];
  readonly acknowledged: number;
  readonly delivered: number;
  readonly deaths: number;
}

/** A broker that dies and comes back, and the clients that hold it to its promises. */
export class Stage {
  readonly laboratory: Laboratory;
  readonly record = new TrafficRecord();
  readonly clients: ModelClient[] = [];
  readonly #ground: Ground;
  readonly #connecting: (client: ModelClient) => Connecting;
  #broker: MortalBroker;
  #deaths = 0;
  #isReliable = false;

  constructor(options: {
    laboratory: Laboratory;
    ground: (laboratory: Laboratory, record: TrafficRecord) => Ground;
    /** How the next connection of a client is made, as long as things go wrong. */
    connecting: (client: ModelClient) => Connecting;
  }) {
    this.laboratory = options.laboratory;
    this.#connecting = options.connecting;
    this.#ground = options.ground(this.laboratory, this.record);
    this.#broker = this.#newBroker();
  }

  start(): void {
    this.#broker.start();
  }

  addClient(options: Omit<ModelClientOptions, 'subscriber'>): ModelClient {
    const subscriber = new SubscriberRecord(options.name);
    this.record.subscribers.set(options.name, subscriber);
    const client = new ModelClient(this.laboratory, this.record, { ...options, subscriber });
    this.clients.push(client);
    return client;
  }

  connect(client: ModelClient, options: { cleanStart?: boolean } = {}): void {
    client.connect(this.#broker, this.#isReliable ? {} : this.#connecting(client), options);
  }

  async restartWhenDead(): Promise<void> {
    if (this.#broker.isAlive) return;
    this.record.say('the broker is dead');
    this.#deaths++;
    this.#ground.died();
    for (const client of this.clients) {
      // What has arrived is read; what is still missing is not waited for.
      await client.react();
      if (client.isConnected) await client.drop();
    }
    this.#broker = this.#newBroker();
    this.#broker.start();
  }

  /** The broker is closed in order, whatever its store does, and another one begins. */
  async closeAndStart(): Promise<void> {
    this.record.say('the broker is closed');
    let isClosed = false;
    const over = (): void => {
      isClosed = true;
    };
    this.#broker.engine.close({ within: 1000 }).then(over, over);
    await this.laboratory.advance(30_000);
    if (!isClosed && this.#broker.isAlive) this.record.faults.push('the broker does not close');
    this.#broker.kill();
    await this.restartWhenDead();
  }

  /** Nothing goes wrong any more, everybody comes, and everything ends well: before a last death, and after. */
  async finish(): Promise<void> {
    this.#isReliable = true;
    this.#ground.becomeReliable();
    await this.#comeToRest();
    // What memory had right, the store has right as well.
    this.#broker.kill();
    await this.restartWhenDead();
    await this.#comeToRest();
  }

  report(): TrafficReport {
    const { messages, subscribers, conversation } = this.record;
    return {
      faults: brokenPromises(this.record, this.#broker.engine),
      conversation,
      acknowledged: messages.filter(({ outcome }) => outcome === 'acknowledged').length,
      delivered: [...subscribers.values()].reduce((sum, { deliveries }) => sum + deliveries.length, 0),
      deaths: this.#deaths,
    };
  }

  async #comeToRest(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      for (const client of this.clients) if (!client.isConnected) this.connect(client);
      await this.laboratory.advance(10);
      for (const client of this.clients) await client.react();
      await this.restartWhenDead();
      if (!this.#isAtRest()) continue;
      // A store that failed is asked again within five seconds.
      await this.laboratory.advance(10_000);
      if (this.#isAtRest()) return;
    }
    const names = this.clients.filter((client) => !client.isFinished).map(({ name }) => name);
    this.record.faults.push(`it does not come to an end for ${names.join(', ')}`);
  }

  #isAtRest(): boolean {
    return this.clients.every((client) => client.isFinished && !client.hasUnread);
  }

  #newBroker(): MortalBroker {
    const broker = new MortalBroker(
      this.laboratory,
      (process) => this.#ground.persistence(process),
      this.laboratory.random.fork(`death ${this.#deaths}`),
    );
    broker.engine.use({ name: 'record', hooks: { storeFailed: () => this.record.storeFailed() } });
    return broker;
  }
}
