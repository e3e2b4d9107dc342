import { Laboratory } from '@carillon/testkit';
import { type ConnectionBytes, type CutAt, CutConnections } from './cut-connections.ts';
import type { ModelClient } from './model-client.ts';
import { Stage, type TrafficReport } from './stage.ts';
import { type StoreFaultAt, StoreWithFault } from './store-fault.ts';

/** What goes wrong while the scenario is played: nothing, one call of the store, or one connection. */
export interface ScenarioOptions {
  /** Milliseconds that the store takes for each call; 0 answers at once. Default: 0. */
  readonly storeLatency?: number;
  readonly storeFault?: StoreFaultAt;
  readonly cut?: CutAt;
}

export interface ScenarioReport extends TrafficReport {
  /** The calls of the store while things could go wrong, in order. */
  readonly storeCalls: readonly string[];
  /** How many bytes came through on each connection; counted when no connection is cut. */
  readonly bytes: readonly ConnectionBytes[];
}

/**
 * Plays the same traffic every time: QoS 0, 1 and 2, retained messages, subscribers that are there and that are
 * away, Wills, sessions that are taken over and given up, subscriptions that come and go, a broker that is
 * closed in the middle. What goes wrong meanwhile must not break a promise.
 */
export async function playScenario(options: ScenarioOptions = {}): Promise<ScenarioReport> {
  const scenario = new Scenario(options);
  await scenario.play();
  return scenario.report();
}

class Scenario {
  readonly #stage: Stage;
  readonly #store: StoreWithFault;
  readonly #connections: CutConnections;
  /** Who went on purpose, and does not come back by itself. */
  readonly #away = new Set<ModelClient>();

  constructor({ storeLatency = 0, storeFault, cut }: ScenarioOptions) {
    const laboratory = new Laboratory();
    this.#connections = new CutConnections(cut);
    this.#store = new StoreWithFault(laboratory, storeLatency, storeFault);
    this.#stage = new Stage({
      laboratory,
      ground: () => this.#store,
      connecting: ({ name }) => this.#connections.next(name),
    });
  }

  async play(): Promise<void> {
    const stage = this.#stage;
    const one = stage.addClient({ name: 'pub-1', version: 5, receiveMaximum: 100 });
    const two = stage.addClient({ name: 'pub-2', version: 4, receiveMaximum: 100 });
    const here = stage.addClient({ name: 'here', version: 5, receiveMaximum: 2 });
    const often = stage.addClient({ name: 'often away', version: 4, receiveMaximum: 100 });
    const slow = stage.addClient({ name: 'slow', version: 5, receiveMaximum: 1 });
    const will = { topic: 'garden', qos: 2 } as const;
    const mortal = stage.addClient({ name: 'mortal', version: 5, receiveMaximum: 100, will });

    stage.start();
    await this.#goOn();
    await this.#do(here, () => here.subscribe('house/#', 2));
    await this.#do(often, () => often.subscribe('house/a', 2));
    await this.#do(often, () => often.subscribe('garden', 2));
    await this.#do(slow, () => slow.subscribe('garden', 1));
    await this.#do(one, () => {
      one.publish('house/a', 1, true);
      one.publish('garden', 2, false);
      one.publish('house/a', 2, false);
    });
    await this.#do(two, () => {
      two.publish('house/b', 2, true);
      two.publish('house/a', 1, false);
      two.publish('house/a', 0, false);
    });

    await this.#leave(often, () => often.disconnect());
    await this.#do(one, () => {
      one.publish('garden', 1, false);
      one.publish('house/a', 2, false);
      one.publish('house/a', 1, true);
    });
    await this.#do(here, () => here.subscribe('garden', 2));
    // Its Will is sent when it takes its own session over.
    mortal.vanish();
    await this.#goOn();
    slow.vanish();
    await this.#do(two, () => {
      two.publish('garden', 2, false);
      two.publish('garden', 1, false);
    });
    await this.#comeBack(often);
    await this.#do(one, () => one.publish('house/a', 2, false));
    this.#store.release();

    await this.#leave(often, () => often.drop());
    await this.#do(one, () => {
      one.publish('garden', 2, false);
      one.publish('house/a', 1, false);
    });
    await stage.closeAndStart();
    await this.#goOn();
    await this.#do(two, () => {
      two.publish('house/b', 2, true);
      two.publish('house/a', 2, false);
    });
    await this.#comeBack(often);
    await this.#leave(mortal, () => mortal.drop());
    await this.#do(here, () => here.unsubscribe('garden'));
    await this.#do(here, () => here.subscribe('house/a', 1));

    await this.#leave(here, () => here.drop());
    await this.#do(one, () => {
      one.publish('house/a', 2, false);
      one.publish('house/a', 1, true);
      one.publish('house/a', 0, false);
    });
    // It gives up what waits for it, and begins anew.
    await this.#comeBack(here, true);
    await this.#do(here, () => here.subscribe('house/b', 2));
    await this.#do(two, () => {
      two.publish('house/b', 2, true);
      two.publish('garden', 1, false);
    });
    await this.#comeBack(mortal);
    await this.#leave(mortal, () => mortal.disconnect());
    await this.#do(often, () => often.unsubscribe('house/a'));
    await stage.closeAndStart();
    await stage.finish();
  }

  report(): ScenarioReport {
    return { ...this.#stage.report(), storeCalls: this.#store.calls, bytes: this.#connections.bytes };
  }

  /** Something is done by a client that can do it. */
  async #do(client: ModelClient, act: () => void): Promise<void> {
    if (client.isReady) act();
    await this.#goOn();
  }

  async #leave(client: ModelClient, go: () => Promise<void>): Promise<void> {
    this.#away.add(client);
    if (client.isConnected) await go();
    await this.#goOn();
  }

  async #comeBack(client: ModelClient, cleanStart = false): Promise<void> {
    this.#away.delete(client);
    this.#stage.connect(client, { cleanStart });
    await this.#goOn();
  }

  /** Some time passes, everybody reads and answers once, and who has lost a connection makes another. */
  async #goOn(): Promise<void> {
    const stage = this.#stage;
    await stage.laboratory.advance(2);
    for (const client of stage.clients) await client.react();
    await stage.restartWhenDead();
    for (const client of stage.clients) {
      if (!client.isConnected && !this.#away.has(client)) stage.connect(client);
    }
  }
}
