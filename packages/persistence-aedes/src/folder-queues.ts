import type { PageLimits } from '@carillon/persistence';
import type { FolderEntry } from './folder-sessions.ts';
import { sizeOf } from './queue-items.ts';

type Entries = AsyncGenerator<FolderEntry>;

/** Where the last page of a queue ended. */
interface Place {
  readonly after: number;
  /** Read, but too much for the last page. */
  readonly next: FolderEntry | undefined;
  readonly entries: Entries;
}

/** Queues whose places are remembered: a copy reads as many side by side. */
const placesAtMost = 100;

/**
 * Queues that can only be read from their beginning, in pages: where a page ended the next one goes on, in many
 * queues at once.
 */
export class FolderQueues {
  readonly #begin: (clientId: string) => Entries;
  readonly #places = new Map<string, Place>();

  constructor(begin: (clientId: string) => Entries) {
    this.#begin = begin;
  }

  /** Entries with numbers above `after`; at least one, where there is one. */
  async read(clientId: string, after: number, limits: PageLimits): Promise<FolderEntry[]> {
    const { entries, next } = await this.#placeAfter(clientId, after);
    const page: FolderEntry[] = [];
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
    if (last !== undefined) await this.#remember(clientId, { after: last, next: found, entries });
    return page;
  }

  async close(): Promise<void> {
    for (const { entries } of this.#places.values()) await entries.return(undefined);
    this.#places.clear();
  }

  async #placeAfter(clientId: string, after: number): Promise<Pick<Place, 'next' | 'entries'>> {
    const place = this.#places.get(clientId);
    this.#places.delete(clientId);
    if (place?.after === after) return place;
    await place?.entries.return(undefined);
    return { entries: this.#begin(clientId), next: undefined };
  }

  async #remember(clientId: string, place: Place): Promise<void> {
    this.#places.set(clientId, place);
    if (this.#places.size <= placesAtMost) return;
    for (const [oldest, { entries }] of this.#places) {
      this.#places.delete(oldest);
      await entries.return(undefined);
      return;
    }
  }
}

async function nextOf(entries: Entries): Promise<FolderEntry | undefined> {
  const { done, value } = await entries.next();
  return done === true ? undefined : value;
}
