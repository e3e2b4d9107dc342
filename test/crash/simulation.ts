import type { Plugin } from '@carillon/hooks';
import { type ChannelPairOptions, Laboratory, type SeededRandom } from '@carillon/testkit';
import type { MortalProcess } from './fatal-calls.ts';
import { ModelClient } from './model-client.ts';
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

export interface SimulationOptions {
  readonly seed: number | string;
  readonly ground: (laboratory: Laboratory, record: TrafficRecord) => Ground;
  /** Whether connections are cut at random bytes, besides being dropped. Default: true. */
  readonly cuts?: boolean;
  /** Things that happen. Default: 60. */
  readonly steps?: number;
}

export interface SimulationReport {
  readonly faults: readonly string[];
  readonly conversation: readonly string[];
  readonly acknowledged: number;
  readonly delivered: number;
  readonly deaths: number;
}

const topics = ['house/a', 'house/b', 'garden'];
/** Of the first publisher, and of the second. */
const retainedQoS = [1, 2] as const;
const filters = ['house/#', 'house/a', 'garden'];

/** Random traffic on a broker that dies and comes back; in the end everything must be where it belongs. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const simulation = new Simulation(options);
  await simulation.run(options.steps ?? 60);
  return simulation.report();
}

class Simulation {
  readonly #laboratory: Laboratory;
  readonly #random: SeededRandom;
  readonly #record = new TrafficRecord();
  readonly #ground: Ground;
  readonly #publishers: readonly ModelClient[];
  readonly #subscribers: readonly ModelClient[];
  readonly #clients: readonly ModelClient[];
  readonly #cuts: boolean;
  #broker: MortalBroker;
  #deaths = 0;
  #isReliable = false;

  constructor({ seed, ground, cuts = true }: SimulationOptions) {
    this.#laboratory = new Laboratory({ seed, arrivals: 'mixed' });
    this.#random = this.#laboratory.random.fork('simulation');
    this.#ground = ground(this.#laboratory, this.#record);
    this.#cuts = cuts;
    this.#broker = this.#newBroker();
    const clientsNamed = (...names: string[]) => names.map((name) => this.#newClient(name));
    this.#publishers = clientsNamed('pub-1', 'pub-2');
    this.#subscribers = clientsNamed(...['sub-1', 'sub-2', 'sub-3'].slice(0, 2 + this.#random.integer(2)));
    this.#clients = [...this.#publishers, ...this.#subscribers];
  }

  async run(steps: number): Promise<void> {
    this.#broker.start();
    for (const client of this.#clients) this.#connect(client);
    await this.#goOn();
    for (let step = 0; step < steps; step++) {
      await this.#somethingHappens();
      await this.#goOn();
      await this.#restartWhenDead();
    }
    this.#isReliable = true;
    this.#ground.becomeReliable();
    await this.#finish();
    // What memory had right, the store has right as well.
    this.#broker.kill();
    await this.#restartWhenDead();
    await this.#finish();
  }

  report(): SimulationReport {
    const { messages, subscribers, conversation } = this.#record;
    return {
      faults: brokenPromises(this.#record, this.#broker.engine),
      conversation,
      acknowledged: messages.filter(({ outcome }) => outcome === 'acknowledged').length,
      delivered: [...subscribers.values()].reduce((sum, { deliveries }) => sum + deliveries.length, 0),
      deaths: this.#deaths,
    };
  }

  async #somethingHappens(): Promise<void> {
    const client = this.#random.pick(this.#clients);
    if (!client.isConnected) {
      this.#connect(client);
      return;
    }
    if (this.#random.chance(0.12)) {
      if (this.#random.chance(0.5) && client.isReady) await client.disconnect();
      else await client.drop();
    } else if (client.isReady && this.#subscribers.includes(client)) this.#changeSubscription(client);
    else if (client.isReady) this.#publish(client);
  }

  #publish(client: ModelClient): void {
    const which = this.#publishers.indexOf(client);
    for (let left = 1 + this.#random.integer(5); left > 0; left--) {
      const topic = this.#random.pick(topics);
      // Each publisher retains on one topic with one QoS: a repeated QoS 1 message comes after a QoS 2 message
      // that was sent later and is not repeated, and replaces it.
      const retain = topics.indexOf(topic) === which && this.#random.chance(0.5);
      const qos = this.#random.pick([0, 1, 1, 2, 2, 2] as const);
      client.publish(topic, retain ? (retainedQoS[which] ?? 1) : qos, retain);
    }
  }

  #changeSubscription(client: ModelClient): void {
    const filter = this.#random.pick(filters);
    if (client.isAsking(filter)) return;
    if (this.#random.chance(0.25)) client.unsubscribe(filter);
    else client.subscribe(filter, this.#random.chance(0.8) ? 2 : 1);
  }

  /** Some time passes, in which clients read and answer, or leave it for later. */
  async #goOn(): Promise<void> {
    await this.#laboratory.advance(this.#random.integer(6));
    for (const client of this.#clients) if (this.#random.chance(0.7)) await client.react();
  }

  async #restartWhenDead(): Promise<void> {
    if (this.#broker.isAlive) return;
    this.#record.say('the broker is dead');
    this.#deaths++;
    this.#ground.died();
    for (const client of this.#clients) {
      // What has arrived is read; what is still missing is not waited for.
      await client.react();
      if (client.isConnected) await client.drop();
    }
    this.#broker = this.#newBroker();
    this.#broker.start();
  }

  /** Everybody comes, and everything ends well. */
  async #finish(): Promise<void> {
    for (let round = 0; round < 200; round++) {
      for (const client of this.#clients) if (!client.isConnected) this.#connect(client);
      await this.#laboratory.advance(10);
      for (const client of this.#clients) await client.react();
      await this.#restartWhenDead();
      if (!this.#isAtRest()) continue;
      // A store that failed is asked again within five seconds.
      await this.#laboratory.advance(10_000);
      if (this.#isAtRest()) return;
    }
    const names = this.#clients.filter((client) => !client.isFinished).map(({ name }) => name);
    this.#record.faults.push(`it does not come to an end for ${names.join(', ')}`);
  }

  #isAtRest(): boolean {
    return this.#clients.every((client) => client.isFinished && !client.hasUnread);
  }

  #connect(client: ModelClient): void {
    client.connect(this.#broker, this.#isReliable ? {} : this.#channel());
  }

  #channel(): ChannelPairOptions {
    const breaks = () => (this.#random.chance(0.2) ? { breakAfterBytes: 1 + this.#random.integer(600) } : {});
    const cut = this.#random.pick(['random', 'merged', undefined] as const);
    return {
      ...(cut === undefined ? {} : { cut }),
      ...(this.#cuts ? { toServer: breaks(), toClient: breaks() } : {}),
    };
  }

  #newBroker(): MortalBroker {
    return new MortalBroker(
      this.#laboratory,
      (process) => this.#ground.persistence(process),
      this.#laboratory.random.fork(`death ${this.#deaths}`),
    );
  }

  #newClient(name: string): ModelClient {
    const subscriber = new SubscriberRecord(name);
    this.#record.subscribers.set(name, subscriber);
    const version = this.#random.chance(0.7) ? 5 : 4;
    const receiveMaximum = this.#random.pick([1, 3, 100]);
    return new ModelClient(this.#laboratory, this.#record, { name, version, receiveMaximum, subscriber });
  }
}
