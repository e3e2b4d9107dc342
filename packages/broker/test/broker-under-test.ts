import type { PluginHooks } from '@carillon/hooks';
import { type MaybePromise, memoryStore, type Store } from '@carillon/persistence';
import { type ConnectDraft, Laboratory, type LaboratoryClientOptions, PacketClient } from '@carillon/testkit';
import { EngineBroker, type EngineOptions } from '../src/index.ts';

/** A broker alone in a laboratory: silent about itself, so that tests count only what they made. */
export function brokerUnderTest(options: EngineOptions = {}, hooks: PluginHooks = {}) {
  const laboratory = new Laboratory();
  const broker = new EngineBroker(
    { logger: laboratory.logger, systemTopicInterval: 0, ...options },
    laboratory.platform,
  );
  broker.use({ name: 'house', hooks });
  return {
    laboratory,
    broker,
    /** A client that was accepted. */
    connect: (draft?: ConnectDraft, how?: Omit<LaboratoryClientOptions, 'laboratory'>) =>
      laboratory.connect(broker, draft, how),
    /** The host publishes, and the world comes to rest. */
    publish: async (...[topic, payload, how]: Parameters<EngineBroker['publish']>) => {
      const receipt = broker.publish(topic, payload, how);
      // Whoever awaits the result sees a refusal; until then nobody is to be told of it.
      receipt.catch(() => {});
      await laboratory.settle();
      return receipt;
    },
    /** A client that has said nothing yet. */
    arrive: (how?: Omit<LaboratoryClientOptions, 'laboratory'>) =>
      PacketClient.connect(broker, { laboratory, ...how }),
  };
}

/** A store in memory whose commits fail while `fails` is set. */
export class FailingStore implements Store {
  readonly name = 'failing';
  readonly #memory = memoryStore();
  readonly supports = this.#memory.supports;
  fails = false;

  open(): MaybePromise<void> {
    return this.#memory.open();
  }

  load() {
    return this.#memory.load();
  }

  commit(...[batch, durability]: Parameters<Store['commit']>): MaybePromise<void> {
    if (this.fails) throw new Error('the disk is full');
    return this.#memory.commit(batch, durability);
  }

  readQueue(...[clientId, after, limits]: Parameters<Store['readQueue']>) {
    return this.#memory.readQueue(clientId, after, limits);
  }

  close(): MaybePromise<void> {
    return this.#memory.close();
  }
}

/** Writes down what a hook was told. */
export class Notes<Event> {
  readonly all: Event[] = [];
  /** Give this as the handler. */
  readonly take = (event: Event): void => void this.all.push(event);

  /** The latest. */
  get last(): Event | undefined {
    return this.all.at(-1);
  }
}

/** A promise, and the means to settle it. */
export function promiseByHand<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (thrown: Error) => void = () => {};
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** Hands a value over as JavaScript would: no type stands in the way of the wrong one. */
export function untyped(value: unknown) {
  const key: string = 'value';
  return Reflect.get({ value }, key);
}
