import { describeValue } from '@carillon/hooks/checks';
import type { LocalBroker } from './local-broker.ts';

/**
 * An aedes-persistence instance, as its factory returned it: aedes-persistence-level, -redis, -mongodb, the
 * one in memory, or anybody's own. Versions 10 and 11 of the interface fit, and backends with callbacks only.
 */
export type AedesPersistenceInstance = object;

const needed = [
  'storeRetained',
  'createRetainedStream',
  'addSubscriptions',
  'removeSubscriptions',
  'subscriptionsByClient',
  'cleanSubscriptions',
  'getClientList',
  'outgoingEnqueue',
  'outgoingUpdate',
  'outgoingClearMessageId',
  'outgoingStream',
  'incomingStorePacket',
  'incomingGetPacket',
  'incomingDelPacket',
  'putWill',
  'delWill',
  'streamWill',
] as const;

export type MethodName = (typeof needed)[number] | 'cleanIncoming' | 'setup' | 'destroy';

type Method = (...args: unknown[]) => unknown;

/** Calls the methods of an instance, in whichever of the two styles it is written. */
export class Instance {
  readonly #target: object;
  readonly #isAsync: boolean;

  /** @throws TypeError when it is no aedes-persistence instance. */
  constructor(instance: AedesPersistenceInstance) {
    if (typeof instance !== 'object' || instance === null) {
      throw new TypeError(`the instance is ${describeValue(instance)}; it must be an aedes-persistence`);
    }
    // Since version 10 a layer of callbacks lies around an asynchronous instance. It waits for an event that
    // `setup` does not bring about, so what lies beneath is called instead.
    const inner: unknown = Reflect.get(instance, 'asyncPersistence');
    this.#target = typeof inner === 'object' && inner !== null ? inner : instance;
    const missing = needed.filter((name) => this.#find(name) === undefined);
    if (missing.length > 0) {
      throw new TypeError(`the instance is no aedes-persistence: it has no ${missing.join(', ')}`);
    }
    this.#isAsync = this.#find('setup') !== undefined;
  }

  /** Of the class that does the work, as it names itself. */
  get className(): string {
    return this.#target.constructor.name;
  }

  has(name: MethodName): boolean {
    return this.#find(name) !== undefined;
  }

  /** Readies the instance for use. */
  async setUp(broker: LocalBroker): Promise<void> {
    if (this.#isAsync) {
      await this.call('setup', broker);
      return;
    }
    // `ready` may come from within the setter, or at once after it.
    const isEmitter = typeof Reflect.get(this.#target, 'once') === 'function';
    const ready = isEmitter && Reflect.has(this.#target, 'ready') ? this.#becomesReady() : undefined;
    Reflect.set(this.#target, 'broker', broker);
    await ready;
  }

  /** The answer of a method, whether it promises one or calls back. */
  call(name: MethodName, ...args: unknown[]): Promise<unknown> {
    const method = this.#method(name);
    if (this.#isAsync) return Promise.resolve().then(() => Reflect.apply(method, this.#target, args));
    return new Promise((resolve, reject) => {
      const done = (error: unknown, result: unknown): void => {
        if (error === undefined || error === null) resolve(result);
        else reject(error);
      };
      Reflect.apply(method, this.#target, [...args, done]);
    });
  }

  /** What a method yields, be it a stream, a generator or an array. */
  async *stream(name: MethodName, ...args: unknown[]): AsyncGenerator<unknown> {
    const source: unknown = Reflect.apply(this.#method(name), this.#target, args);
    for await (const item of iterableOf(source, name)) {
      if (item !== undefined && item !== null) yield item;
    }
  }

  async #becomesReady(): Promise<void> {
    if (Reflect.get(this.#target, 'ready') === true) return;
    // Calls on, and listens for, whatever class of emitter the backend has chosen.
    await new Promise<void>((resolve, reject) => {
      const once = this.#method('once');
      Reflect.apply(once, this.#target, ['ready', resolve]);
      Reflect.apply(once, this.#target, ['error', reject]);
    });
  }

  #method(name: MethodName | 'once'): Method {
    const method = this.#find(name);
    if (method === undefined) throw new TypeError(`the instance has no ${name}`);
    return method;
  }

  #find(name: MethodName | 'once'): Method | undefined {
    const method: unknown = Reflect.get(this.#target, name);
    return isMethod(method) ? method : undefined;
  }
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function iterableOf(source: unknown, name: string): AsyncIterable<unknown> | Iterable<unknown> {
  if (isIterable(source)) return source;
  throw new TypeError(`${name} returned nothing that can be iterated`);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
