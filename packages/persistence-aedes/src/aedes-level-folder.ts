import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type FieldChecks, instant, readOptions, refuse } from '@carillon/hooks/checks';
import {
  type Message,
  type PageLimits,
  type QueueEntry,
  type Store,
  type StoreCapabilities,
  type StoredRecord,
  StoreError,
} from '@carillon/persistence';
import { Level } from 'level';
import {
  type Damaged,
  type FolderEntry,
  folderClientIds,
  folderQueue,
  folderRecords,
} from './folder-sessions.ts';
import { LevelFolder, type ReadableLevel } from './level-folder.ts';
import { storeErrorOf } from './store-errors.ts';
import { StreamedQueues } from './streamed-queues.ts';

/** How what Aedes left is read, and who hears of what cannot be. */
export interface ReadAedesOptions {
  /** Told of every record that could not be read; it is left out. */
  readonly damaged?: Damaged;
  /** Milliseconds since 1970: Aedes does not say when a message came or a session began. Default: `Date.now()`. */
  readonly now?: number;
}

/** What a folder of Aedes holds: the records of a store, and the entries of each session's queue after it. */
export type AedesRecord =
  | StoredRecord
  | { readonly kind: 'queueEntry'; readonly clientId: string; readonly entry: QueueEntry };

/**
 * Everything in a LevelDB database that Aedes wrote with aedes-persistence-level, or Carillon with
 * `aedesPersistence`. Nothing is changed in it.
 *
 * @throws TypeError when an option cannot be.
 *
 * @example
 * ```ts
 * for await (const record of readAedesLevel(new Level('./aedes-data'))) console.log(record.kind);
 * ```
 */
export async function* readAedesLevel(
  level: ReadableLevel,
  options: ReadAedesOptions = {},
): AsyncGenerator<AedesRecord> {
  const { now, damaged } = settle(options);
  const folder = new LevelFolder(level);
  for await (const record of folderRecords(folder, now, damaged)) {
    yield record;
    if (record.kind !== 'session') continue;
    const { clientId } = record.session;
    for await (const found of folderQueue(folder, clientId, now, damaged)) {
      yield { kind: 'queueEntry', clientId, entry: queueEntryOf(found) };
    }
  }
}

/**
 * The client ids of a LevelDB database that Aedes wrote, for the option `adopt` of `aedesPersistence`.
 *
 * @example
 * ```ts
 * const level = new Level('./aedes-data');
 * broker.use(aedesPersistence(aedesPersistenceLevel(level), { adopt: aedesClientIds(level) }));
 * ```
 */
export async function* aedesClientIds(level: ReadableLevel): AsyncGenerator<string> {
  const folder = new LevelFolder(level);
  yield* folderClientIds(folder, await folder.idForm(), () => {});
}

/**
 * A folder that Aedes wrote with aedes-persistence-level, as a store to copy from. It cannot be written.
 *
 * @throws TypeError when an option cannot be.
 *
 * @example
 * ```ts
 * const from = aedesLevelFolder('./aedes-data');
 * await from.open();
 * for await (const record of from.load()) console.log(record.kind);
 * ```
 */
export function aedesLevelFolder(location: string, options: ReadAedesOptions = {}): Store {
  return new AedesFolderStore(location, options);
}

class AedesFolderStore implements Store {
  readonly name: string;
  readonly supports: StoreCapabilities = { durability: 'memory', atomicBatches: false, restart: true };
  readonly #location: string;
  readonly #level: Level<string, Uint8Array>;
  readonly #folder: LevelFolder;
  readonly #now: number;
  readonly #damaged: Damaged;
  readonly #queues: StreamedQueues<FolderEntry>;
  /** Aedes's names of the messages that were read. */
  readonly #names = new WeakMap<Message, string>();

  constructor(location: string, options: ReadAedesOptions) {
    const { now, damaged } = settle(options);
    if (typeof location !== 'string' || location === '')
      throw mistake('the location must be the name of a folder');
    this.name = `aedes-folder:${location}`;
    this.#location = location;
    this.#level = new Level(location, { createIfMissing: false, valueEncoding: 'view' });
    this.#folder = new LevelFolder(this.#level);
    this.#damaged = damaged;
    this.#now = now;
    this.#queues = new StreamedQueues({
      begin: (clientId) => folderQueue(this.#folder, clientId, now, damaged),
      // A copy reads as many side by side.
      places: 100,
      isLive: false,
    });
  }

  async open(): Promise<void> {
    try {
      // LevelDB would make the folder before it finds that there is no database in it.
      await access(join(this.#location, 'CURRENT'));
      await this.#level.open();
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  async *load(): AsyncGenerator<StoredRecord> {
    try {
      yield* folderRecords(this.#folder, this.#now, this.#damaged);
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  commit(): never {
    throw new StoreError('io', `${this.name}: a folder of Aedes is only read`);
  }

  async readQueue(clientId: string, after: number, limits: PageLimits): Promise<readonly QueueEntry[]> {
    try {
      const page = await this.#queues.read(clientId, after, limits);
      for (const { entry, name } of page) if (name !== undefined) this.#names.set(entry.message, name);
      return page.map(queueEntryOf);
    } catch (error) {
      throw storeErrorOf(error, this.name);
    }
  }

  /** Aedes does not say when a message came, but which one was before which. */
  compareMessages(a: Message, b: Message): number {
    const [first, second] = [this.#names.get(a), this.#names.get(b)];
    if (first === undefined || second === undefined || first === second) return 0;
    return first < second ? -1 : 1;
  }

  async close(): Promise<void> {
    await this.#queues.close();
    await this.#level.close();
  }
}

function queueEntryOf({ entry, delivery }: FolderEntry): QueueEntry {
  return { ...entry, packetId: delivery?.packetId ?? 0, state: delivery?.state ?? 'queued' };
}

const optionChecks: FieldChecks<ReadAedesOptions> = {
  now: instant,
  damaged: (value, field) => (isListener(value) ? value : refuse(field, value, 'a function')),
};

function settle(options: ReadAedesOptions): Required<ReadAedesOptions> {
  const { now = Date.now(), damaged = () => {} } = readOptions(options, optionChecks, mistake);
  return { now, damaged };
}

function mistake(wrong: string): TypeError {
  return new TypeError(`folder of Aedes: ${wrong}`);
}

function isListener(value: unknown): value is Damaged {
  return typeof value === 'function';
}
