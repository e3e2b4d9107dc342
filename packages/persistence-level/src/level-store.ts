import type {
  Durability,
  PageLimits,
  QueueEntry,
  Store,
  StoreCapabilities,
  StoredRecord,
  StoreOperation,
} from '@carillon/persistence';
import { BatchPlan } from './batch-plan.ts';
import { type AnyLevel, type Change, Database } from './database.ts';
import { storeErrorOf } from './database-errors.ts';
import { checkFormat } from './format.ts';
import { gather } from './gather.ts';
import { keyOf } from './keys.ts';
import { loadIndex, loadQueue, loadRecords } from './load-records.ts';
import { readPage } from './read-page.ts';
import { StoreIndex } from './store-index.ts';
import { summaryCodec } from './values.ts';

/** A record that could not be read and was set aside. */
export interface DamagedRecord {
  readonly key: string;
  readonly error: Error;
}

/** What is done with a record that could not be read. */
export type SetAside = (record: DamagedRecord & { readonly value: Uint8Array }) => Promise<void>;

export interface LevelStoreOptions {
  /** Names the store in logs and errors. */
  readonly name: string;
  /** What the database can promise at most. */
  readonly durability: Durability;
  /** Told of every record that could not be read; it is set aside under another key, and nothing else suffers. */
  readonly damaged?: (record: DamagedRecord) => void;
  /** Called when the store is opened and closed, around the database: a lock file lives here. */
  readonly lock?: { taken(): Promise<void>; released(): Promise<void> };
}

/** A store on an abstract-level database: see `keys.ts` for its layout. */
export class LevelStore implements Store {
  readonly name: string;
  readonly supports: StoreCapabilities;
  readonly #database: Database;
  readonly #options: LevelStoreOptions;
  #index = new StoreIndex();
  /** A write has failed: LevelDB refuses all further ones until it is opened anew. */
  #mustReopen = false;
  #reopening: Promise<void> | undefined = undefined;

  constructor(level: AnyLevel, options: LevelStoreOptions) {
    this.#database = new Database(level);
    this.#options = options;
    this.name = options.name;
    this.supports = {
      durability: options.durability,
      atomicBatches: true,
      restart: options.durability !== 'memory',
    };
  }

  async open(): Promise<void> {
    try {
      await this.#database.open();
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
    try {
      await this.#options.lock?.taken();
      await checkFormat(this.#database, this.name);
    } catch (error) {
      await this.close();
      throw storeErrorOf(error, this.name);
    }
  }

  load(): AsyncIterable<StoredRecord> {
    return loadRecords(this.#database, this.#index, (record) => this.#setAside(record));
  }

  async commit(batch: readonly StoreOperation[], durability: Durability): Promise<void> {
    await this.#reopenIfNeeded();
    try {
      const gathered = await gather(this.#database, this.#index, batch);
      const plan = new BatchPlan(this.#index, gathered, batch);
      // What is promised nothing is stored all the same: the engine reads the end of a queue from here.
      await this.#database.batch(plan.changes(), durability === 'synced');
      plan.settle();
    } catch (error) {
      this.#mustReopen = this.supports.restart;
      throw storeErrorOf(error, this.name);
    }
  }

  async readQueue(clientId: string, after: number, limits: PageLimits): Promise<readonly QueueEntry[]> {
    await this.#reopening;
    const index = this.#index;
    const queue = index.queues.get(clientId);
    if (queue === undefined) return [];
    try {
      const { entries } = await queue.read(
        () => readPage(this.#database, clientId, queue, after, limits, (record) => this.#setAside(record)),
        (chunk) => index.remember(queue, chunk),
      );
      return entries;
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  async close(): Promise<void> {
    await this.#closeSums();
    await this.#database.close();
    await this.#options.lock?.released();
  }

  /** So that the next process need not count the last entries. What fails here costs it only that. */
  async #closeSums(): Promise<void> {
    const { queues } = this.#index;
    const changes: Change[] = [];
    for (const [clientId, { uncounted, summary }] of queues) {
      if (uncounted === undefined) continue;
      const value = summaryCodec.write({ ...summary, isOpen: false });
      changes.push({ type: 'put', key: keyOf.queueSummary(clientId), value });
    }
    if (changes.length === 0 || this.#database.status !== 'open') return;
    await this.#database.batch(changes, false).catch(() => {});
  }

  #reopenIfNeeded(): Promise<void> | undefined {
    if (!this.#mustReopen) return undefined;
    this.#reopening = this.#reopen().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #reopen(): Promise<void> {
    try {
      await this.#database.close();
      await this.#database.open();
      this.#index = await this.#loadAgain();
      this.#mustReopen = false;
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  /** The index anew: LevelDB may have stored the batch that it said had failed. */
  async #loadAgain(): Promise<StoreIndex> {
    const index = new StoreIndex();
    await loadIndex(this.#database, index, (record) => this.#setAside(record));
    for (const [clientId, { hasSession }] of this.#index.queues) {
      if (hasSession) await loadQueue(this.#database, index, clientId);
    }
    return index;
  }

  async #setAside(record: Parameters<SetAside>[0]): Promise<void> {
    this.#options.damaged?.(record);
    await this.#database.batch(
      [
        { type: 'put', key: keyOf.setAside(record.key), value: record.value },
        { type: 'del', key: record.key },
      ],
      false,
    );
  }
}
