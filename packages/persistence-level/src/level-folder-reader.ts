import {
  type PageLimits,
  type QueueEntry,
  type Store,
  type StoreCapabilities,
  type StoredRecord,
  StoreError,
} from '@carillon/persistence';
import type { Database } from './database.ts';
import { readFormat } from './format.ts';
import { loadRecords } from './load-records.ts';
import { openExisting } from './open-existing.ts';
import { readPage } from './read-page.ts';
import type { DamagedRecord } from './set-aside.ts';
import { StoreIndex } from './store-index.ts';

/**
 * A folder of `levelStore` as a store that is only read: nothing in it changes, damaged records are told and stay
 * where they are. For tools.
 *
 * @example
 * ```ts
 * const from = levelFolderReader('./carillon-data');
 * await from.open();
 * for await (const record of from.load()) console.log(record.kind);
 * ```
 */
export function levelFolderReader(
  location: string,
  options: { readonly damaged?: (record: DamagedRecord) => void } = {},
): Store {
  return new LevelFolderReader(location, options.damaged);
}

class LevelFolderReader implements Store {
  readonly name: string;
  readonly supports: StoreCapabilities = { durability: 'memory', atomicBatches: false, restart: true };
  readonly #location: string;
  readonly #index = new StoreIndex();
  readonly #damaged: (record: DamagedRecord) => void;
  #database: Database | undefined = undefined;

  constructor(location: string, damaged: (record: DamagedRecord) => void = () => {}) {
    this.name = location;
    this.#location = location;
    this.#damaged = damaged;
  }

  async open(): Promise<void> {
    this.#database = await openExisting(this.#location);
    await readFormat(this.#database, this.name);
  }

  load(): AsyncIterable<StoredRecord> {
    return loadRecords(this.#opened(), this.#index, (record) => this.#tell(record));
  }

  commit(): never {
    throw new StoreError('io', `${this.name}: it was opened to be read only`);
  }

  async readQueue(clientId: string, after: number, limits: PageLimits): Promise<readonly QueueEntry[]> {
    const database = this.#opened();
    const queue = this.#index.queues.get(clientId);
    if (queue === undefined) return [];
    const { entries, damage } = await queue.read(
      () => readPage(database, clientId, queue, after, limits),
      (chunk) => this.#index.remember(queue, chunk),
    );
    for (const record of damage.records) await this.#tell(record);
    return entries;
  }

  async close(): Promise<void> {
    await this.#database?.close();
  }

  #opened(): Database {
    if (this.#database === undefined) throw new StoreError('closed', `${this.name}: it is not open`);
    return this.#database;
  }

  async #tell({ key, error }: DamagedRecord): Promise<void> {
    this.#damaged({ key, error });
  }
}
