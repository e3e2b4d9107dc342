import type { PageLimits, QueueEntry } from '@carillon/persistence';
import type { Readable } from './backend.ts';
import type { StoredEntry } from './metadata.ts';
import { queueItems, sizeOf } from './queue-items.ts';
import type { SessionState } from './session-state.ts';

/** Queues whose reading goes on where the last page ended; what is read beyond begins anew. */
const maximumCursors = 16;

interface Cursor {
  /** The last sequence number that was given out. */
  after: number;
  /** Read, but too large for the last page. */
  next: StoredEntry | undefined;
  readonly entries: AsyncGenerator<StoredEntry>;
}

/**
 * Reads queues in pages. A backend can only stream a queue from its beginning, so the stream is kept from page
 * to page: a deep queue is gone through once, not once for each page.
 */
export class QueueReader {
  /** The backend yields queues in no order: each page takes a walk through all of the queue. */
  sorts = false;
  readonly #source: Readable;
  /** By client id; the one used last is at the end. */
  readonly #cursors = new Map<string, Cursor>();

  constructor(source: Readable) {
    this.#source = source;
  }

  /** @param id The client id as the backend has it. */
  async read(id: string, state: SessionState, after: number, limits: PageLimits): Promise<QueueEntry[]> {
    const entries =
      this.sorts || state.isDisordered
        ? await this.#readSorted(id, after, limits)
        : await this.#readOn(id, after, limits);
    return entries.map((entry) => {
      const { packetId = 0, state: reached = 'queued' } = state.deliveries.get(entry.sequence) ?? {};
      return { ...entry, packetId, state: reached };
    });
  }

  /** Entries above `sequence` have changed: what was read ahead may be wrong. */
  async changed(id: string, sequence: number): Promise<void> {
    const cursor = this.#cursors.get(id);
    if (cursor === undefined || cursor.after >= sequence) return;
    this.#cursors.delete(id);
    await cursor.entries.return(undefined);
  }

  async close(): Promise<void> {
    const cursors = [...this.#cursors.values()];
    this.#cursors.clear();
    for (const { entries } of cursors) await entries.return(undefined);
  }

  async #readOn(id: string, after: number, limits: PageLimits): Promise<StoredEntry[]> {
    const kept = this.#take(id, after);
    const page: StoredEntry[] = [];
    if (kept !== undefined && (await this.#fill(id, page, kept, limits))) return page;
    // The stream shows what was there when it began: there may be more by now.
    if (page.length > 0) return page;
    const fresh: Cursor = { after, next: undefined, entries: entriesAfter(this.#source, id, after) };
    await this.#fill(id, page, fresh, limits);
    return page;
  }

  /** False when the stream has ended. */
  async #fill(id: string, page: StoredEntry[], cursor: Cursor, limits: PageLimits): Promise<boolean> {
    let bytes = 0;
    while (page.length < limits.entries) {
      const entry = cursor.next ?? (await nextOf(cursor.entries));
      cursor.next = undefined;
      if (entry === undefined) return false;
      bytes += sizeOf(entry.message);
      if (page.length > 0 && bytes > limits.bytes) {
        cursor.next = entry;
        break;
      }
      page.push(entry);
      cursor.after = entry.sequence;
    }
    await this.#keep(id, cursor);
    return true;
  }

  #take(id: string, after: number): Cursor | undefined {
    const cursor = this.#cursors.get(id);
    if (cursor?.after !== after) return undefined;
    this.#cursors.delete(id);
    return cursor;
  }

  async #keep(id: string, cursor: Cursor): Promise<void> {
    const replaced = this.#cursors.get(id);
    this.#cursors.delete(id);
    this.#cursors.set(id, cursor);
    await replaced?.entries.return(undefined);
    if (this.#cursors.size <= maximumCursors) return;
    const [oldest] = this.#cursors;
    if (oldest === undefined) return;
    this.#cursors.delete(oldest[0]);
    await oldest[1].entries.return(undefined);
  }

  /** Walks through all of the queue, and keeps no more of it than two pages. */
  async #readSorted(id: string, after: number, limits: PageLimits): Promise<StoredEntry[]> {
    let found: StoredEntry[] = [];
    let added = { entries: 0, bytes: 0 };
    for await (const entry of entriesAfter(this.#source, id, after)) {
      found.push(entry);
      added = { entries: added.entries + 1, bytes: added.bytes + sizeOf(entry.message) };
      if (added.entries < limits.entries && added.bytes < limits.bytes) continue;
      found = firstPage(found, limits);
      added = { entries: 0, bytes: 0 };
    }
    return firstPage(found, limits);
  }
}

function firstPage(found: readonly StoredEntry[], limits: PageLimits): StoredEntry[] {
  const page: StoredEntry[] = [];
  let bytes = 0;
  for (const entry of found.toSorted((a, b) => a.sequence - b.sequence)) {
    bytes += sizeOf(entry.message);
    if (page.length > 0 && (page.length >= limits.entries || bytes > limits.bytes)) break;
    page.push(entry);
  }
  return page;
}

async function* entriesAfter(source: Readable, id: string, after: number): AsyncGenerator<StoredEntry> {
  for await (const item of queueItems(source, id)) {
    if (item.kind === 'own' && item.entry.sequence > after) yield item.entry;
  }
}

async function nextOf(entries: AsyncGenerator<StoredEntry>): Promise<StoredEntry | undefined> {
  const { done, value } = await entries.next();
  return done === true ? undefined : value;
}
