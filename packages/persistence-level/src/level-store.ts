import type {
  Durability,
  PageLimits,
  QueueEntry,
  QueueLoss,
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
import { keyOf, numberIn, partsOf } from './keys.ts';
import { countQueue, loadIndex, loadRecords, queueOfSession } from './load-records.ts';
import { emptySummary, type QueueIndex } from './queue-index.ts';
import { type PageDamage, readPage } from './read-page.ts';
import { recountQueue } from './recount-queue.ts';
import type { DamagedRecord, SetAside } from './set-aside.ts';
import { StoreIndex } from './store-index.ts';
import { summaryCodec } from './values.ts';

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
  /** The latest of those that change the store one after another: batches, and what mends a queue. */
  #latest: Promise<unknown> = Promise.resolve();

  constructor(level: AnyLevel | (() => AnyLevel), options: LevelStoreOptions) {
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

  commit(batch: readonly StoreOperation[], durability: Durability): Promise<void> {
    return this.#alone(() => this.#commit(batch, durability));
  }

  async #commit(batch: readonly StoreOperation[], durability: Durability): Promise<void> {
    await this.#reopenIfNeeded();
    try {
      const gathered = await gather(this.#database, this.#index, batch, (record) => this.#setAside(record));
      const plan = new BatchPlan(this.#index, gathered, batch);
      // What is promised nothing is stored all the same: the engine reads the end of a queue from here.
      await this.#database.batch(plan.changes(), durability === 'synced');
      plan.settle();
    } catch (error) {
      this.#mustReopen = this.supports.restart;
      throw storeErrorOf(error, this.name);
    }
  }

  async readQueue(
    clientId: string,
    after: number,
    limits: PageLimits,
    lost?: (loss: QueueLoss) => void,
  ): Promise<readonly QueueEntry[]> {
    await this.#reopening;
    const index = this.#index;
    const queue = index.queues.get(clientId);
    if (queue === undefined) return [];
    try {
      const { entries, damage } = await queue.read(
        () => readPage(this.#database, clientId, queue, after, limits),
        (chunk) => index.remember(queue, chunk),
      );
      if (damage.records.length + damage.entries.length > 0) {
        const loss = await this.#alone(() => this.#mend(clientId, queue, after, damage));
        if (loss !== undefined) lost?.(loss);
      }
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
      if (uncounted === undefined || summary.lastSequence === 0) continue;
      const value = summaryCodec.write({ ...summary, isOpen: false });
      changes.push({ type: 'put', key: keyOf.queueSummary(clientId), value });
    }
    if (changes.length === 0 || this.#database.status !== 'open') return;
    await this.#database.batch(changes, false).catch(() => {});
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#latest.then(work);
    this.#latest = done.catch(() => {});
    return done;
  }

  /**
   * What was damaged is no longer of the queue, and its sums say so. Gives what it has lost by that; undefined where
   * some of it came before the page, because the engine may have had that already.
   */
  async #mend(
    clientId: string,
    queue: QueueIndex,
    after: number,
    damage: PageDamage,
  ): Promise<QueueLoss | undefined> {
    const setAside: SetAside = (record) => this.#setAside(record);
    for (const record of damage.records) {
      // Another page may have met it too.
      if ((await this.#database.get(record.key)) !== undefined) await setAside(record);
    }
    if (this.#index.queues.get(clientId) !== queue) return undefined;
    const { length, bytes } = queue.summary;
    const missing = damage.entries.map((sequence) => ({ do: 'dequeue', clientId, sequence }) as const);
    if (missing.length > 0) await this.#commit(missing, 'written');
    let isBehind = true;
    if (damage.chunks.length > 0) {
      for (const first of damage.chunks) queue.forget(first);
      const others = await recountQueue(this.#database, clientId, queue, setAside);
      isBehind = [...damage.chunks, ...others].every((first) => first > after);
      queue.uncounted = undefined;
      const value = summaryCodec.write({ ...queue.summary, isOpen: false });
      await this.#database.batch([{ type: 'put', key: keyOf.queueSummary(clientId), value }], false);
    }
    if (!isBehind) return undefined;
    return { length: length - queue.summary.length, bytes: bytes - queue.summary.bytes };
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
    const setAside: SetAside = (record) => this.#setAside(record);
    const withChunks = await loadIndex(this.#database, index, setAside);
    for (const [clientId, { hasSession }] of this.#index.queues) {
      if (!hasSession) continue;
      const queue = queueOfSession(index, clientId);
      if (withChunks.has(clientId) || queue.mustRecount) {
        await countQueue(this.#database, clientId, queue, setAside);
      }
    }
    return index;
  }

  async #setAside(record: Parameters<SetAside>[0]): Promise<void> {
    this.#options.damaged?.(record);
    const changes: Change[] = [
      { type: 'put', key: keyOf.setAside(record.key), value: record.value },
      { type: 'del', key: record.key },
      ...consequences(record.key),
    ];
    await this.#database.batch(changes, false);
  }
}

/** What else changes when the record of a key is set aside: who comes next must not go by what has become wrong. */
function consequences(key: string): Change[] {
  const [clientId = '', first] = partsOf(key);
  const sums = keyOf.queueSummary(clientId);
  switch (key[0]) {
    case 'q':
      return [
        { type: 'del', key: keyOf.marks(clientId, numberIn(first)) },
        { type: 'del', key: sums },
      ];
    case 'f':
      return [{ type: 'del', key: sums }];
    case 's':
      // By the sums the next process knows that there are remains of a session, and that they are to be counted.
      return [{ type: 'put', key: sums, value: summaryCodec.write({ ...emptySummary, isOpen: true }) }];
    default:
      return [];
  }
}
