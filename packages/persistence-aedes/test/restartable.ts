import { EngineBroker, type EngineOptions } from '@carillon/broker';
import { Laboratory } from '@carillon/testkit';
import { type AedesStoreOptions, aedesPersistence } from '../src/index.ts';
import type { TestPlace } from './backends.ts';

/** A session that goes on without its client for an hour. */
export const lasting = { cleanStart: false, properties: { sessionExpiryInterval: 3600 } } as const;

/** Brokers that follow one another in one place. */
export class Restartable {
  /** Backends work in real time: what is awaited may take a moment. */
  readonly laboratory = new Laboratory({ patience: 5000 });
  readonly #place: TestPlace;
  readonly #options: AedesStoreOptions;
  readonly #engine: EngineOptions;
  #broker: EngineBroker | undefined = undefined;

  constructor(place: TestPlace, options: AedesStoreOptions = {}, engine: EngineOptions = {}) {
    this.#place = place;
    this.#options = options;
    this.#engine = engine;
  }

  /** Closes the broker, if there is one, and starts the next. */
  async start(engine: EngineOptions = {}): Promise<EngineBroker> {
    await this.stop();
    const options = { systemTopicInterval: 0, logger: this.laboratory.logger, ...this.#engine, ...engine };
    const broker = new EngineBroker(options, this.laboratory.platform);
    broker.use(aedesPersistence(this.#place.instance(), { ...this.#place.options, ...this.#options }));
    await this.#happens(broker.start());
    await this.laboratory.settle();
    this.#broker = broker;
    return broker;
  }

  async stop(): Promise<void> {
    const broker = this.#broker;
    this.#broker = undefined;
    if (broker !== undefined) await this.#happens(broker.close({ within: 0 }));
  }

  /** The process dies: nobody is told anything, and nothing more is written. */
  async crash(): Promise<void> {
    this.#broker = undefined;
    await this.#place.crash?.();
  }

  async #happens(promise: Promise<void>): Promise<void> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => undefined);
    await this.laboratory.settleUntil(() => isSettled);
    await settled;
  }
}

export async function restartable(
  backend: { place(): Promise<TestPlace> },
  options: AedesStoreOptions = {},
  engine: EngineOptions = {},
): Promise<Restartable> {
  return new Restartable(await backend.place(), options, engine);
}
