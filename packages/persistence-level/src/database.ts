/** What the store says with each call: keys are text, values are bytes. */
export interface Encodings {
  readonly keyEncoding: 'utf8';
  readonly valueEncoding: 'view';
}

/** The keys strictly between `gt` and `lt`, the first `limit` of them; the last ones with `reverse`. */
export interface Range {
  readonly gt: string;
  readonly lt: string;
  readonly limit?: number;
  readonly reverse?: boolean;
  /** How many bytes the database may read ahead; one that does not know it goes by its own. */
  readonly highWaterMarkBytes?: number;
}

/** The entries of a range, several at once. */
export interface EntryIterator {
  /** Up to so many of the next entries; none at the end. */
  nextv(size: number): Promise<[string, Uint8Array][]>;
  /** Lets go of what it holds. */
  close(): Promise<void>;
}

/**
 * The part of an abstract-level database that the store uses. Its own encodings do not matter: the store says
 * with each call what it wants. `level`, `classic-level`, `memory-level` and `browser-level` all fit.
 */
export interface AnyLevel {
  readonly status: string;
  readonly supports: { readonly permanence?: boolean };
  /** Opens the database; does nothing when it is open. */
  open(): Promise<void>;
  /** Closes the database. */
  close(): Promise<void>;
  /** The value of a key, `undefined` when there is none. */
  get(key: string, options: Encodings): Promise<Uint8Array | undefined>;
  /** The values of several keys, in their order. */
  getMany(keys: string[], options: Encodings): Promise<(Uint8Array | undefined)[]>;
  /** Makes all of the changes or none; with `sync` they are on the disk when the promise resolves. */
  batch(changes: Change[], options: Encodings & { readonly sync?: boolean }): Promise<void>;
  /** Keys and values of a range, in the order of the keys. */
  iterator(options: Range & Encodings): EntryIterator;
  /** The keys of a range, in order. */
  keys(options: Range & { readonly keyEncoding: 'utf8' }): AsyncIterable<string>;
}

/** Keys as text, values as bytes. */
const encodings: Encodings = { keyEncoding: 'utf8', valueEncoding: 'view' };

/** One change of a batch. */
export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

/** The bytes read ahead bound it long before. */
const listLength = 1000;

/** The few calls the store makes, typed for its encodings. */
export class Database {
  readonly #make: () => AnyLevel;
  #made: AnyLevel | undefined = undefined;

  /** One that is handed in as a function is made when it is opened: a `Level` opens itself as soon as it is made. */
  constructor(level: AnyLevel | (() => AnyLevel)) {
    this.#make = typeof level === 'function' ? level : () => level;
  }

  get status(): string {
    return this.#made?.status ?? 'closed';
  }

  open(): Promise<void> {
    return this.#level.open();
  }

  async close(): Promise<void> {
    await this.#made?.close();
  }

  get #level(): AnyLevel {
    this.#made ??= this.#make();
    return this.#made;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#level.get(key, encodings);
  }

  async getMany(keys: string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#level.getMany(keys, encodings);
  }

  /** All of the changes, or none. With `sync` they are on the disk when the promise resolves. */
  batch(changes: Change[], sync: boolean): Promise<void> {
    return this.#level.batch(changes, { ...encodings, ...(sync ? { sync } : {}) });
  }

  async *entries(range: Range): AsyncGenerator<[string, Uint8Array]> {
    for await (const list of this.lists(range)) yield* list;
  }

  /** As entries, in lists of as many as the database hands out at once: for those who read many. */
  async *lists(range: Range): AsyncGenerator<[string, Uint8Array][]> {
    const iterator = this.#level.iterator({ ...range, ...encodings });
    try {
      for (;;) {
        const list = await iterator.nextv(listLength);
        if (list.length === 0) return;
        yield list;
      }
    } finally {
      await iterator.close();
    }
  }

  keys(range: Range): AsyncIterable<string> {
    return this.#level.keys({ ...range, keyEncoding: 'utf8' });
  }
}
