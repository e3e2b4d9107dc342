import { type ChannelPairOptions, Laboratory, type SeededRandom } from '@carillon/testkit';
import type { ModelClient } from './model-client.ts';
import { type Ground, Stage, type TrafficReport } from './stage.ts';
import type { TrafficRecord } from './traffic-record.ts';

export interface SimulationOptions {
  readonly seed: number | string;
  readonly ground: (laboratory: Laboratory, record: TrafficRecord) => Ground;
  /** Whether connections are cut at random bytes, besides being dropped. Default: true. */
  readonly cuts?: boolean;
  /** Things that happen. Default: 60. */
  readonly steps?: number;
}

const topics = ['house/a', 'house/b', 'garden'];
/** Of the first publisher, and of the second. */
const retainedQoS = [1, 2] as const;
const filters = ['house/#', 'house/a', 'garden'];

/** Random traffic on a broker that dies and comes back; in the end everything must be where it belongs. */
export async function simulate(options: SimulationOptions): Promise<TrafficReport> {
  const simulation = new Simulation(options);
  await simulation.run(options.steps ?? 60);
  return simulation.report();
}

class Simulation {
  readonly #stage: Stage;
  readonly #random: SeededRandom;
  readonly #publishers: readonly ModelClient[];
  readonly #subscribers: readonly ModelClient[];
  readonly #cuts: boolean;

  constructor({ seed, ground, cuts = true }: SimulationOptions) {
    const laboratory = new Laboratory({ seed, arrivals: 'mixed' });
    this.#random = laboratory.random.fork('simulation');
    this.#cuts = cuts;
    this.#stage = new Stage({ laboratory, ground, connecting: () => ({ channel: this.#channel() }) });
    const clientsNamed = (...names: string[]) => names.map((name) => this.#newClient(name));
    this.#publishers = clientsNamed('pub-1', 'pub-2');
    this.#subscribers = clientsNamed(...['sub-1', 'sub-2', 'sub-3'].slice(0, 2 + this.#random.integer(2)));
  }

  async run(steps: number): Promise<void> {
    const stage = this.#stage;
    stage.start();
    for (const client of stage.clients) stage.connect(client);
    await this.#goOn();
    for (let step = 0; step < steps; step++) {
      await this.#somethingHappens();
      await this.#goOn();
      await stage.restartWhenDead();
    }
    await stage.finish();
  }

  report(): TrafficReport {
    return this.#stage.report();
  }

  async #somethingHappens(): Promise<void> {
    const client = this.#random.pick(this.#stage.clients);
    if (!client.isConnected) {
      this.#stage.connect(client);
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
    await this.#stage.laboratory.advance(this.#random.integer(6));
    for (const client of this.#stage.clients) if (this.#random.chance(0.7)) await client.react();
  }

  #channel(): ChannelPairOptions {
    const breaks = () => (this.#random.chance(0.2) ? { breakAfterBytes: 1 + this.#random.integer(600) } : {});
    const cut = this.#random.pick(['random', 'merged', undefined] as const);
    return {
      ...(cut === undefined ? {} : { cut }),
      ...(this.#cuts ? { toServer: breaks(), toClient: breaks() } : {}),
    };
  }

  #newClient(name: string): ModelClient {
    const version = this.#random.chance(0.7) ? 5 : 4;
    const receiveMaximum = this.#random.pick([1, 3, 100]);
    return this.#stage.addClient({ name, version, receiveMaximum });
  }
}
