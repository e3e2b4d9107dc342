import type { PageLimits } from '@carillon/persistence';
import type { StoredEntry } from './metadata.ts';
import { sizeOf } from './queue-items.ts';

/** An entry of a queue, with whatever its reader has to say of it besides. */
export interface Streamed {
  readonly entry: StoredEntry;
}

type Entries<Item> = AsyncGenerator<Item>;

/** Where the last page of a queue ended. */
interface Place<Item> {
  /** The last sequence number that was given out. */
  readonly after: number;
  /** Read, but too much for the last page; undefined at the end of the stream. */
  readonly next: Item | undefined;
  readonly entries: Entries<Item>;
}

export interface StreamedQueuesOptions<Item extends Streamed> {
  /** A queue from its beginning. */
  readonly begin: (id: string) => Entries<Item>;
  /** Places that are remembered; in other queues reading begins anew. */
  readonly places: number;
  /** Whether a stream that has ended may have missed what came since it began. */
  readonly isLive: boolean;
}

/**
 * Queues that can only be streamed from their beginning, in pages: where a page ended the next one goes on, in many
 * queues at once, so that a deep queue is gone through once and not once for each page.
 */
export class StreamedQueues<Item extends Streamed> {
  readonly #options: StreamedQueuesOptions<Item>;
  /** By queue; the one used last is at the end. */
  readonly #places = new Map<string, Place<Item>>();
  /** Queues that are being read, and up to where they have changed meanwhile. */
  readonly #reading = new Map<string, number>();

  constructor(options: StreamedQueuesOptions<Item>) {
    this.#options = options;
  }

  /** Entries with numbers above `after`, one at least, where there is one. One page of a queue is read at a time. */
  async read(id: string, after: number, limits: PageLimits): Promise<Item[]> {
    this.#reading.set(id, 0);
    try {
      const kept = await this.#takePlace(id, after);
      const page = await this.#readOn(id, kept ?? this.#begin(id, after), limits);
      const mayHaveMissed = page.length === 0 && kept !== undefined && this.#options.isLive;
      return mayHaveMissed ? await this.#readOn(id, this.#begin(id, after), limits) : page;
    } finally {
      this.#reading.delete(id);
    }
  }

  /** Entries up to this one have changed: what was read ahead of them may be wrong. */
  async changed(id: string, sequence: number): Promise<void> {
    const changed = this.#reading.get(id);
    if (changed !== undefined) this.#reading.set(id, Math.max(changed, sequence));
    const place = this.#places.get(id);
    if (place === undefined || place.after >= sequence) return;
    this.#places.delete(id);
    await place.entries.return(undefined);
  }

  async close(): Promise<void> {
    const places = [...this.#places.values()];
    this.#places.clear();
    for (const { entries } of places) await entries.return(undefined);
  }

  #begin(id: string, after: number): Place<Item> {
    return { after, next: undefined, entries: this.#options.begin(id) };
  }

  async #takePlace(id: string, after: number): Promise<Place<Item> | undefined> {
    const place = this.#places.get(id);
    this.#places.delete(id);
    if (place?.after === after) return place;
    await place?.entries.return(undefined);
    return undefined;
  }

  async #readOn(id: string, { after, next, entries }: Place<Item>, limits: PageLimits): Promise<Item[]> {
    const page: Item[] = [];
    let bytes = 0;
    let found = next ?? (await nextOf(entries));
    for (; found !== undefined; found = await nextOf(entries)) {
      const { sequence, message } = found.entry;
      if (sequence <= after) continue;
      bytes += sizeOf(message);
      if (page.length > 0 && (page.length >= limits.entries || bytes > limits.bytes)) break;
      page.push(found);
    }
    // The end is remembered too: to find it anew would take a walk through the whole queue.
    const last = page.at(-1)?.entry.sequence;
    if (last !== undefined) await this.#remember(id, { after: last, next: found, entries });
    return page;
  }

  async #remember(id: string, place: Place<Item>): Promise<void> {
    const isStale = (this.#reading.get(id) ?? 0) > place.after;
    if (isStale) {
      await place.entries.return(undefined);
      return;
    }
    this.#places.set(id, place);
    if (this.#places.size <= this.#options.places) return;
    const [oldest] = this.#places;
    if (oldest === undefined) return;
    this.#places.delete(oldest[0]);
    await oldest[1].entries.return(undefined);
  }
}

async function nextOf<Item>(entries: Entries<Item>): Promise<Item | undefined> {
  const { done, value } = await entries.next();
  return done === true ? undefined : value;
}
