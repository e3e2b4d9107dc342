interface Encodings {
  readonly keyEncoding: 'utf8';
  readonly valueEncoding: 'view';
}

interface Range {
  readonly gt: string;
  readonly lt: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/**
 * The part of an abstract-level database that the store uses. Its own encodings do not matter: the store says
 * with each call what it wants. `level`, `classic-level`, `memory-level` and `browser-level` all fit.
 */
export interface AnyLevel {
  readonly status: string;
  readonly supports: { readonly permanence?: boolean };
  open(): Promise<void>;
  close(): Promise<void>;
  get(key: string, options: Encodings): Promise<Uint8Array | undefined>;
  getMany(keys: string[], options: Encodings): Promise<(Uint8Array | undefined)[]>;
  batch(changes: Change[], options: Encodings & { readonly sync?: boolean }): Promise<void>;
  iterator(options: Range & Encodings): AsyncIterable<[string, Uint8Array]>;
  keys(options: Range & { readonly keyEncoding: 'utf8' }): AsyncIterable<string>;
}

/** Keys as text, values as bytes. */
const encodings: Encodings = { keyEncoding: 'utf8', valueEncoding: 'view' };

export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

/** The few calls the store makes, typed for its encodings. */
export class Database {
  readonly #level: AnyLevel;

  constructor(level: AnyLevel) {
    this.#level = level;
  }

  get status(): string {
    return this.#level.status;
  }

  open(): Promise<void> {
    return this.#level.open();
  }

  close(): Promise<void> {
    return this.#level.close();
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

  entries(range: {
    gt: string;
    lt: string;
    limit?: number;
    reverse?: boolean;
  }): AsyncIterable<[string, Uint8Array]> {
    return this.#level.iterator({ ...range, ...encodings });
  }

  keys(range: Range): AsyncIterable<string> {
    return this.#level.keys({ ...range, keyEncoding: 'utf8' });
  }
}
