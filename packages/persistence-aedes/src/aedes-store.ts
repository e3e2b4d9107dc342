import type {
  PageLimits,
  QueueEntry,
  Store,
  StoreCapabilities,
  StoredRecord,
  StoreOperation,
} from '@carillon/persistence';
import { type AedesStoreOptions, checkStoreOptions } from './aedes-store-options.ts';
import { Backend } from './backend.ts';
import { BatchPlan } from './batch-plan.ts';
import { carryOut, storeSlot } from './carry-out-plan.ts';
import { writeId } from './client-ids.ts';
import type { AedesPersistenceInstance } from './instance.ts';
import { Instance } from './instance.ts';
import { loadStore } from './load-store.ts';
import { operationPacket } from './operation-packet.ts';
import { probe, type Traits } from './probes.ts';
import { QueueReader } from './queue-reader.ts';
import type { SessionState } from './session-state.ts';
import { storeErrorOf } from './store-errors.ts';
import { agreeOnFormat } from './store-format.ts';

const limitsOfAll = [
  'batches are not atomic (a crash can leave a message that was not acknowledged, or repeat one)',
  'sessions that Aedes wrote cannot be listed (name them in `adopt`)',
];

/** A store on any aedes-persistence backend: see the README for how records lie in it. */
export class AedesStore implements Store {
  readonly name: string;
  readonly supports: StoreCapabilities;
  readonly #options: AedesStoreOptions;
  readonly #backend: Backend;
  readonly #reader: QueueReader;
  readonly #sessions = new Map<string, SessionState>();
  readonly #mustDestroy: boolean;
  /** Nothing that is tried out would show it. */
  readonly #hidesRetainedErrors: boolean;
  #traits: Traits | undefined = undefined;

  /** @throws TypeError when it is no aedes-persistence instance, or an option cannot be. */
  constructor(instance: AedesPersistenceInstance, given: AedesStoreOptions = {}) {
    const options = checkStoreOptions(given);
    const wrapped = new Instance(instance);
    const isInMemory = wrapped.className === 'MemoryPersistence';
    const durability = options.durability ?? (isInMemory ? 'memory' : 'written');
    this.name = options.name ?? `aedes:${wrapped.className}`;
    this.supports = { durability, atomicBatches: false, restart: durability !== 'memory' };
    this.#options = options;
    this.#backend = new Backend(wrapped);
    this.#reader = new QueueReader(this.#backend);
    this.#mustDestroy = options.destroyOnClose ?? !isInMemory;
    this.#hidesRetainedErrors = wrapped.className === 'AsyncMongoPersistence';
  }

  async open(): Promise<void> {
    try {
      await this.#backend.setUp();
      const traits = await probe(this.#backend);
      this.#backend.slotsReplace = traits.slotsReplace;
      this.#backend.willsReplace = traits.willsReplace;
      this.#reader.sorts = !traits.keepsOrder;
      const ids = await agreeOnFormat(this.#backend, traits.ids, this.name);
      this.#traits = { ...traits, ids };
      this.#tellLimits(traits);
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  async *load(): AsyncGenerator<StoredRecord> {
    const traits = this.#open();
    const isMixedUp = traits.ids === 'prefix-free';
    try {
      yield* loadStore({
        backend: this.#backend,
        traits,
        sessions: this.#sessions,
        // Their queues could not be told from those of clients whose ids begin alike.
        adopt: isMixedUp ? [] : (this.#options.adopt ?? []),
        warn: (details, message) => this.#warn(details, message),
        now: this.#options.now ?? Date.now,
      });
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  /** Whatever durability is asked for, the backend has one: no call of its interface says more. */
  async commit(batch: readonly StoreOperation[]): Promise<void> {
    const traits = this.#open();
    try {
      const plan = new BatchPlan(this.#sessions, traits.orderedByNumber);
      // All are written down before any changes anything: one that cannot be leaves no trace.
      const packets = batch.map((operation) => operationPacket(operation, traits));
      for (const [i, operation] of batch.entries()) plan.add(operation, packets[i]);
      for (const { clientId, reset, remove } of plan.clients.values()) {
        const changed = reset ? Number.POSITIVE_INFINITY : Math.max(0, ...remove);
        await this.#reader.changed(writeId(clientId, traits.ids), changed);
      }
      await carryOut(plan, this.#backend, traits);
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  async readQueue(clientId: string, after: number, limits: PageLimits): Promise<readonly QueueEntry[]> {
    const traits = this.#open();
    const state = this.#sessions.get(clientId);
    if (state === undefined) return [];
    try {
      return await this.#reader.read(writeId(clientId, traits.ids), state, after, limits);
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#reader.close();
      await this.#giveBackReserves();
      if (this.#mustDestroy) await this.#backend.destroy();
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  /** So that sequence numbers go on without a gap, and say how many messages there were. */
  async #giveBackReserves(): Promise<void> {
    const traits = this.#traits;
    if (traits === undefined) return;
    for (const [clientId, state] of this.#sessions) {
      if (state.hasReserve) await storeSlot(clientId, state, true, this.#backend, traits);
    }
  }

  #open(): Traits {
    if (this.#traits === undefined) throw storeErrorOf(new Error('open() was not called'), this.name);
    return this.#traits;
  }

  #tellLimits({ ids, carrier, keepsOrder }: Traits): void {
    const limits = [...limitsOfAll];
    if (this.supports.durability === 'written') {
      limits.push('nothing is flushed (a power cut can take what was acknowledged)');
    }
    if (!keepsOrder)
      limits.push('queues come back in no order (each page takes a walk through the whole queue)');
    if (this.#hidesRetainedErrors) {
      limits.push(
        'it does not tell when a retained message could not be stored (it is acknowledged all the same)',
      );
    }
    if (carrier === 'payload') limits.push('Aedes could not read the payloads (they bear metadata)');
    if (ids === 'prefix-free') {
      limits.push('it mixes up clients whose ids begin alike (client ids are encoded; update the backend)');
    }
    this.#warn(
      { store: this.name, limits },
      `${this.name} keeps what is acknowledged, but: ${limits.join('; ')}`,
    );
  }

  #warn(details: object, message: string): void {
    if (this.#options.logger !== undefined) this.#options.logger.warn(details, message);
    else process.emitWarning(message, { type: 'CarillonWarning' });
  }
}
