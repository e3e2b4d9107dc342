import type { AnyLevel } from '@carillon/persistence-level';

type Changes = Parameters<AnyLevel['batch']>[0];

/** What a database on this disk does around each of its calls. */
export type AroundCall = <Result>(call: () => Promise<Result>) => Promise<Result>;

/**
 * A disk that keeps what was written only once it is flushed, as disks with a write cache do. A flush takes
 * with it everything that was written before, because databases write one log.
 */
export class VolatileDisk {
  #flushed = new Map<string, Uint8Array>();
  #unflushed: Changes[] = [];
  /** Both together: what readers see. */
  #seen = new Map<string, Uint8Array>();

  /** Power is gone: of the batches that were not flushed the first `survivors` are there all the same. */
  cutPower(survivors = 0): void {
    for (const changes of this.#unflushed.slice(0, survivors)) apply(this.#flushed, changes);
    this.#unflushed = [];
    this.#seen = new Map(this.#flushed);
  }

  get unflushed(): number {
    return this.#unflushed.length;
  }

  /** The disk as one process has it open: an abstract-level database as far as the store needs one. */
  database(around: AroundCall): AnyLevel {
    const entries = (range: Range) => around(async () => this.#entries(range));
    return {
      status: 'open',
      supports: { permanence: true },
      open: () => around(async () => {}),
      close: async () => {},
      get: (key) => around(async () => this.#seen.get(key)),
      getMany: (keys) => around(async () => keys.map((key) => this.#seen.get(key))),
      batch: (changes, { sync = false }) => around(async () => this.#write(changes, sync)),
      iterator: (range) => {
        let isRead = false;
        return {
          nextv: async () => {
            if (isRead) return [];
            isRead = true;
            return entries(range);
          },
          close: async () => {},
        };
      },
      async *keys(range) {
        for (const [key] of await entries(range)) yield key;
      },
    };
  }

  #write(changes: Changes, sync: boolean): void {
    apply(this.#seen, changes);
    this.#unflushed.push(changes.map(withOwnBytes));
    if (!sync) return;
    for (const written of this.#unflushed) apply(this.#flushed, written);
    this.#unflushed = [];
  }

  #entries({ gt, lt, limit = Number.POSITIVE_INFINITY, reverse = false }: Range): [string, Uint8Array][] {
    const inRange = [...this.#seen].filter(([key]) => key > gt && key < lt);
    const sorted = inRange.sort(([a], [b]) => (a < b ? -1 : 1));
    return (reverse ? sorted.reverse() : sorted).slice(0, limit);
  }
}

interface Range {
  readonly gt: string;
  readonly lt: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** The writer may use its bytes again. */
function withOwnBytes(change: Changes[number]): Changes[number] {
  return change.type === 'put' ? { ...change, value: change.value.slice() } : change;
}

function apply(to: Map<string, Uint8Array>, changes: Changes): void {
  for (const change of changes) {
    if (change.type === 'put') to.set(change.key, change.value.slice());
    else to.delete(change.key);
  }
}
