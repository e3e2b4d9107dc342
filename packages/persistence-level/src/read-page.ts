import { asError } from '@carillon/hooks/checks';
import type { PageLimits, QueueEntry } from '@carillon/persistence';
import type { ChunkFacts } from './chunk-facts.ts';
import { SlabOfCopies } from './copies.ts';
import type { Database } from './database.ts';
import { deliveryIn, gone, type Marks } from './delivery-marks.ts';
import { factsOf, readChunk, type StoredEntry } from './queue-chunk.ts';
import type { QueueIndex } from './queue-index.ts';
import type { SetAside } from './set-aside.ts';
import { bundlesOf, messageOf } from './stored-bundles.ts';
import { chunkBefore, chunksFrom } from './stored-chunks.ts';

/** A page, and the chunks it was read from. */
export interface ReadPage {
  readonly entries: readonly QueueEntry[];
  readonly chunks: readonly ChunkFacts[];
  readonly damage: PageDamage;
}

/** What of a queue was to be on its page and cannot be read. */
export interface PageDamage {
  readonly records: Parameters<SetAside>[0][];
  /** The first numbers of chunks. */
  readonly chunks: number[];
  /** The numbers of entries whose messages are not there. */
  readonly entries: number[];
}

interface Found {
  readonly entries: readonly StoredEntry[];
  readonly chunks: readonly ChunkFacts[];
  /** The last number that was looked at; undefined at the end of the queue. */
  readonly scanned: number | undefined;
}

/** One page of a session's queue. Empty only at its end: what is damaged is stepped over. */
export async function readPage(
  database: Database,
  clientId: string,
  queue: QueueIndex,
  after: number,
  limits: PageLimits,
): Promise<ReadPage> {
  const damage: PageDamage = { records: [], chunks: [], entries: [] };
  for (let from = after; ; ) {
    const found = await findEntries(database, clientId, queue, from, limits, damage);
    const entries = await joinEntries(database, found, damage);
    if (entries.length > 0 || found.scanned === undefined) return { entries, chunks: found.chunks, damage };
    from = found.scanned;
  }
}

async function findEntries(
  database: Database,
  clientId: string,
  queue: QueueIndex,
  after: number,
  limits: PageLimits,
  damage: PageDamage,
): Promise<Found> {
  const page = new PageBuilder(after, limits);
  const copies = new SlabOfCopies();
  const start = await firstChunk(database, clientId, queue, after);
  for await (const chunks of chunksFrom(database, clientId, start, bytesOf(queue, limits))) {
    for (const { key, first, value } of chunks) {
      try {
        page.add(first, readChunk(first, value, copies), queue.marks.get(first));
      } catch (error) {
        damage.records.push({ key, value, error: asError(error) });
        damage.chunks.push(first);
        page.stepOver(first);
      }
      if (page.isFull) return page;
    }
  }
  return page;
}

/** How many bytes of chunks make a page, about: what is read beyond it is read again for the next one. */
function bytesOf({ summary }: QueueIndex, limits: PageLimits): number {
  const entries = Math.min(limits.entries, summary.length);
  const bytes = Math.ceil((entries * summary.bytes) / Math.max(1, summary.length));
  return Math.max(4096, Math.min(limits.bytes, bytes));
}

/** The number of the chunk in which the first entry after `after` lies. */
async function firstChunk(
  database: Database,
  clientId: string,
  queue: QueueIndex,
  after: number,
): Promise<number> {
  const known = queue.chunkBefore(after);
  if (known !== undefined && after <= known.last) return after < known.last ? known.first : after + 1;
  return (await chunkBefore(database, clientId, after))?.first ?? 0;
}

class PageBuilder implements Found {
  readonly entries: StoredEntry[] = [];
  readonly chunks: ChunkFacts[] = [];
  scanned: number | undefined = undefined;
  isFull = false;
  readonly #after: number;
  readonly #limits: PageLimits;
  #bytes = 0;

  constructor(after: number, limits: PageLimits) {
    this.#after = after;
    this.#limits = limits;
  }

  /** Takes what belongs to the page: neither what comes before it nor what is gone. */
  add(first: number, entries: readonly StoredEntry[], marks: Marks | undefined): void {
    // A chunk that is not taken whole is read again for the next page: with half a page it is left to that.
    const taken = this.entries.length;
    const isMore = taken + entries.length > this.#limits.entries;
    this.isFull = taken > 0 && isMore && taken * 2 >= this.#limits.entries;
    if (this.isFull) return;
    this.chunks.push(factsOf(first, entries));
    for (const entry of entries) {
      const { sequence, bytes } = entry;
      if (sequence <= this.#after) continue;
      const mark = marks?.get(sequence);
      if (mark !== gone) {
        this.#bytes += bytes;
        const isOver = this.entries.length >= this.#limits.entries || this.#bytes > this.#limits.bytes;
        this.isFull = this.entries.length > 0 && isOver;
        if (this.isFull) return;
        this.entries.push(mark === undefined ? entry : { ...entry, ...deliveryIn(mark) });
      }
      this.scanned = sequence;
    }
    this.isFull = this.entries.length >= this.#limits.entries;
  }

  /** The chunk with that number cannot be read. */
  stepOver(first: number): void {
    if (first > this.#after) this.scanned = first;
  }
}

/** Adds the messages that lie in bundles. An entry whose message cannot be read is left out. */
async function joinEntries(
  database: Database,
  { entries }: Found,
  damage: PageDamage,
): Promise<QueueEntry[]> {
  const setAside: SetAside = async (record) => void damage.records.push(record);
  const bundles = await bundlesOf(database, entries, setAside, new SlabOfCopies());
  const joined: QueueEntry[] = [];
  for (const entry of entries) {
    const message = messageOf(entry, bundles);
    const { sequence, qos, retain, subscriptionIdentifiers, share, packetId, state } = entry;
    if (message === undefined) {
      damage.entries.push(sequence);
      continue;
    }
    joined.push({ sequence, message, qos, retain, subscriptionIdentifiers, share, packetId, state });
  }
  return joined;
}
