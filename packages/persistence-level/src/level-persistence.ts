import { mkdir } from 'node:fs/promises';
import { definePlugin, type Plugin } from '@carillon/hooks';
import { type Store, StoreError } from '@carillon/persistence';
import { Level } from 'level';
import { storeErrorOf } from './database-errors.ts';
import { inspectFiles } from './files/database-files.ts';
import { keepDamaged } from './files/repair-files.ts';
import { checkOptions, type LevelPersistenceOptions } from './level-options.ts';
import { LevelStore } from './level-store.ts';
import { hasDatabase, refuseIfInUse } from './open-existing.ts';
import type { DamagedRecord } from './set-aside.ts';
import { StoreLock } from './store-lock.ts';

/**
 * Keeps sessions, queues, retained messages and Wills on LevelDB, so that what was acknowledged is there after
 * a crash (`written`) or a power cut (`synced`, the default).
 *
 * @throws {TypeError} for options that cannot be.
 * @example
 * ```ts
 * const broker = createBroker();
 * broker.use(levelPersistence({ location: './carillon-data' }));
 * await broker.listen({ port: 1883 });
 * ```
 */
export function levelPersistence(options: LevelPersistenceOptions): Plugin {
  return definePlugin({ name: 'persistence-level', persistence: levelStore(options) });
}

/**
 * The store itself, for tools that read it without a broker.
 *
 * @throws {TypeError} for options that cannot be.
 */
export function levelStore(options: LevelPersistenceOptions): Store {
  checkOptions(options);
  const damaged = options.damaged === undefined ? {} : { damaged: options.damaged };
  if ('database' in options) {
    const { database } = options;
    const durability = options.durability ?? (database.supports.permanence ? 'synced' : 'memory');
    return new LevelStore(database, { name: 'level', durability, ...damaged });
  }
  return new FolderStore(options.location, damaged);
}

/** A store in a folder: makes the folder, and names the process that has it when it is locked. */
class FolderStore extends LevelStore {
  readonly #location: string;
  readonly #lock: StoreLock;
  readonly #damaged: ((record: DamagedRecord) => void) | undefined;

  constructor(location: string, damaged: { damaged?: (record: DamagedRecord) => void }) {
    const lock = new StoreLock(location);
    super(() => new Level<string, Uint8Array>(location, { valueEncoding: 'view' }), {
      name: location,
      durability: 'synced',
      lock,
      ...damaged,
    });
    this.#location = location;
    this.#lock = lock;
    this.#damaged = damaged.damaged;
  }

  override async open(): Promise<void> {
    await this.#makeFolder();
    try {
      await this.#tellDamagedFiles();
      await super.open();
    } catch (error) {
      if (!(error instanceof StoreError) || error.failure !== 'locked') throw error;
      throw await this.#lock.refusal(error);
    }
  }

  /** LevelDB passes over what is damaged in a log, and removes the log: what was acknowledged is gone with that. */
  async #tellDamagedFiles(): Promise<void> {
    if (!(await hasDatabase(this.#location))) return;
    await refuseIfInUse(this.#location);
    const { damaged } = await inspectFiles(this.#location, 'without-tables');
    await keepDamaged(this.#location, damaged);
    for (const { file, problem } of damaged) this.#damaged?.({ key: file, error: new Error(problem) });
  }

  async #makeFolder(): Promise<void> {
    try {
      await mkdir(this.#location, { recursive: true });
    } catch (error) {
      const isFile = error instanceof Error && 'code' in error && error.code === 'EEXIST';
      if (!isFile) throw storeErrorOf(error, this.#location);
      throw new StoreError('io', `${this.#location} is a file: a store is a folder`, error);
    }
  }
}
