import { boolean, readOptions } from '@carillon/hooks/checks';
import { covers, type LevelChange, type LevelDatabase, type LevelRange } from './level-database.ts';

/** What stands between aedes-persistence-level and its database. */
export interface OrderedLevel extends LevelDatabase {
  /** Gives a key its value, in this turn's batch. */
  put(key: string, value: unknown, options?: object): Promise<void>;
  /** Deletes a key, in this turn's batch. */
  del(key: string, options?: object): Promise<void>;
  /** Begins a batch that is gathered call by call. */
  batch(): ChainedBatch;
  /** Makes all of the changes, in this turn's batch. */
  batch(changes: LevelChange[], options?: object): Promise<void>;
}

/** A batch that is gathered call by call; nothing happens before `write`. */
export interface ChainedBatch {
  /** Adds a value. */
  put(key: string, value: unknown): ChainedBatch;
  /** Adds a deletion. */
  del(key: string): ChainedBatch;
  /** Makes all that was added, in this turn's batch. */
  write(): Promise<void>;
}

/** How firmly the database keeps what it is given. */
export interface OrderedLevelOptions {
  /** Whether every batch is flushed to the disk before its writes resolve. Default: false. */
  readonly sync?: boolean;
}

/** Values are bytes whoever writes them. */
const encodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' } as const;

/**
 * Stands between aedes-persistence-level and its database, and makes two promises that the database alone does
 * not: writes take effect in the order in which they were asked for, and all of a turn cost one batch, with
 * `sync` one flush. Reads see what was asked for before them.
 *
 * @throws TypeError when an option cannot be, or the database is none.
 *
 * @example
 * ```ts
 * const level = orderedLevel(new Level('./data'), { sync: true });
 * broker.use(aedesPersistence(aedesPersistenceLevel(level), { durability: 'synced' }));
 * ```
 */
export function orderedLevel(level: LevelDatabase, options: OrderedLevelOptions = {}): OrderedLevel {
  const { sync = false } = readOptions<OrderedLevelOptions>(options, { sync: boolean }, mistake);
  const missing = needed.filter((name) => typeof level[name] !== 'function');
  if (missing.length > 0) throw mistake(`the database has no ${missing.join(', ')}`);
  return new WriteQueue(level, sync);
}

const needed = ['get', 'batch', 'clear', 'values', 'close'] as const;

function mistake(wrong: string): TypeError {
  return new TypeError(`orderedLevel: ${wrong}`);
}

interface Settled {
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

type Job = Settled &
  (
    | { readonly kind: 'batch'; readonly values: Map<string, unknown> }
    | { readonly kind: 'clear'; readonly range: LevelRange }
  );

/** Values that a batch deletes. */
const deleted = Symbol('deleted');

class WriteQueue implements OrderedLevel {
  readonly #level: LevelDatabase;
  readonly #sync: boolean;
  /** In order; the first is under way when `#isWriting`. */
  readonly #jobs: Job[] = [];
  #isWriting = false;
  #isDue = false;

  constructor(level: LevelDatabase, sync: boolean) {
    this.#level = level;
    this.#sync = sync;
  }

  put(key: string, value: unknown): Promise<void> {
    return this.#add([{ type: 'put', key, value }]);
  }

  del(key: string): Promise<void> {
    return this.#add([{ type: 'del', key }]);
  }

  batch(): ChainedBatch;
  batch(changes: LevelChange[]): Promise<void>;
  batch(changes?: LevelChange[]): ChainedBatch | Promise<void> {
    if (changes !== undefined) return this.#add(changes);
    return new Chain((gathered) => this.#add(gathered));
  }

  clear(range: LevelRange): Promise<void> {
    const job: Job = { kind: 'clear', range, ...settled() };
    this.#jobs.push(job);
    this.#writeSoon();
    return job.done;
  }

  async get(key: string, options: object = {}): Promise<unknown> {
    for (const job of this.#jobs.toReversed()) {
      if (job.kind === 'clear') {
        if (covers(job.range, key)) return undefined;
        continue;
      }
      if (!job.values.has(key)) continue;
      const value = job.values.get(key);
      return value === deleted ? undefined : value;
    }
    return this.#level.get(key, { ...encodings, ...options });
  }

  async *values(range: object): AsyncGenerator<unknown> {
    await this.#drained();
    yield* this.#level.values({ ...encodings, ...range });
  }

  async close(): Promise<void> {
    await this.#drained();
    await this.#level.close();
  }

  #add(changes: readonly LevelChange[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    const job = this.#gatheringBatch();
    for (const change of changes) {
      job.values.set(change.key, change.type === 'put' ? change.value : deleted);
    }
    this.#writeSoon();
    return job.done;
  }

  /** The last job, when it is a batch that has not begun; a new one otherwise. */
  #gatheringBatch(): Extract<Job, { kind: 'batch' }> {
    const last = this.#jobs.at(-1);
    const hasBegun = this.#isWriting && this.#jobs.length === 1;
    if (last?.kind === 'batch' && !hasBegun) return last;
    const job = { kind: 'batch', values: new Map<string, unknown>(), ...settled() } as const;
    this.#jobs.push(job);
    return job;
  }

  #writeSoon(): void {
    if (this.#isDue || this.#isWriting) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    if (this.#isWriting) return;
    this.#isWriting = true;
    for (let job = this.#jobs[0]; job !== undefined; job = this.#jobs[0]) {
      const outcome = await this.#write(job).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      this.#jobs.shift();
      if (outcome === undefined) job.resolve();
      else job.reject(outcome.error);
    }
    this.#isWriting = false;
  }

  async #write(job: Job): Promise<void> {
    if (job.kind === 'clear') {
      await this.#level.clear(job.range);
      return;
    }
    const changes = Array.from(job.values, ([key, value]): LevelChange => {
      return value === deleted ? { type: 'del', key } : { type: 'put', key, value };
    });
    await this.#level.batch(changes, { ...encodings, ...(this.#sync ? { sync: true } : {}) });
  }

  /** All that was asked for so far has been written, or has failed. */
  async #drained(): Promise<void> {
    await this.#jobs.at(-1)?.done.catch(() => undefined);
  }
}

class Chain implements ChainedBatch {
  readonly #changes: LevelChange[] = [];
  readonly #add: (changes: LevelChange[]) => Promise<void>;

  constructor(add: (changes: LevelChange[]) => Promise<void>) {
    this.#add = add;
  }

  put(key: string, value: unknown): this {
    this.#changes.push({ type: 'put', key, value });
    return this;
  }

  del(key: string): this {
    this.#changes.push({ type: 'del', key });
    return this;
  }

  write(): Promise<void> {
    return this.#add(this.#changes);
  }
}

function settled(): Settled {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const done = new Promise<void>((keep, fail) => {
    resolve = keep;
    reject = fail;
  });
  // Whoever asked has the promise; nobody else needs to be told.
  done.catch(() => undefined);
  return { done, resolve, reject };
}
