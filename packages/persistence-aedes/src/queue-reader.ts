import type { PageLimits, QueueEntry } from '@carillon/persistence';
import type { Readable } from './backend.ts';
import type { StoredEntry } from './metadata.ts';
import { queueItems, sizeOf } from './queue-items.ts';
import type { SessionState } from './session-state.ts';
import { type Streamed, StreamedQueues } from './streamed-queues.ts';

/** Reads the queues of a backend in pages, each entry with how far its delivery has come. */
export class QueueReader {
  /** The backend yields queues in no order: each page takes a walk through all of the queue. */
  sorts = false;
  readonly #source: Readable;
  readonly #queues: StreamedQueues<Streamed>;

  constructor(source: Readable) {
    this.#source = source;
    this.#queues = new StreamedQueues({ begin: (id) => ownEntries(source, id), places: 16, isLive: true });
  }

  /** @param id The client id as the backend has it. */
  async read(id: string, state: SessionState, after: number, limits: PageLimits): Promise<QueueEntry[]> {
    const page =
      this.sorts || state.isDisordered
        ? await this.#readSorted(id, after, limits)
        : await this.#queues.read(id, after, limits);
    return page.map(({ entry }) => {
      const { packetId = 0, state: reached = 'queued' } = state.deliveries.get(entry.sequence) ?? {};
      return { ...entry, packetId, state: reached };
    });
  }

  /** Entries up to this one have changed: what was read ahead of them may be wrong. */
  changed(id: string, sequence: number): Promise<void> {
    return this.#queues.changed(id, sequence);
  }

  close(): Promise<void> {
    return this.#queues.close();
  }

  /** Walks through all of the queue, and keeps no more of it than two pages. */
  async #readSorted(id: string, after: number, limits: PageLimits): Promise<Streamed[]> {
    let found: Streamed[] = [];
    let entries = 0;
    let bytes = 0;
    for await (const item of ownEntries(this.#source, id)) {
      if (item.entry.sequence <= after) continue;
      found.push(item);
      entries++;
      bytes += sizeOf(item.entry.message);
      if (entries < limits.entries && bytes < limits.bytes) continue;
      found = firstPage(found, limits);
      entries = 0;
      bytes = 0;
    }
    return firstPage(found, limits);
  }
}

function firstPage(found: readonly Streamed[], limits: PageLimits): Streamed[] {
  const page: Streamed[] = [];
  let bytes = 0;
  for (const item of found.toSorted((a, b) => a.entry.sequence - b.entry.sequence)) {
    bytes += sizeOf(item.entry.message);
    if (page.length > 0 && (page.length >= limits.entries || bytes > limits.bytes)) break;
    page.push(item);
  }
  return page;
}

async function* ownEntries(source: Readable, id: string): AsyncGenerator<{ readonly entry: StoredEntry }> {
  for await (const item of queueItems(source, id)) if (item.kind === 'own') yield item;
}
