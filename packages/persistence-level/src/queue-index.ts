import type { QueueSummary } from '@carillon/persistence';
import type { ChunkFacts } from './chunk-facts.ts';
import type { Marks } from './delivery-marks.ts';

export const emptySummary: QueueSummary = Object.freeze({ length: 0, bytes: 0, lastSequence: 0 });

/** So many entries may come before the stored sums are written anew. */
const mostUncounted = 1000;

const noMarks: ReadonlyMap<number, Marks> = new Map();

/**
 * What the store keeps in memory of one session's queue. Most queues are empty, and there is one of these for every
 * session: what an empty queue does not need is made on first use.
 */
export class QueueIndex {
  summary = emptySummary;
  /** Those of which the facts are remembered, in order; there may be others on the disk. */
  chunks: ChunkFacts[] = [];
  /** Whether the record of its session could be read: else it is the remains of one that is set aside. */
  hasSession = false;
  /** How many entries the stored sums do not count; undefined while they are to be exact. */
  uncounted: number | undefined = 0;
  /** What the stored sums go by is damaged: the whole queue is to be counted. */
  mustRecount = false;
  #marks: Map<number, Marks> | undefined = undefined;
  /** Chunks that went while pages were read: these pages may have them all the same. */
  #wentMeanwhile: Set<number> | undefined = undefined;
  #readers = 0;

  /** By the first number of the chunk: of all chunks that have any. */
  get marks(): ReadonlyMap<number, Marks> {
    return this.#marks ?? noMarks;
  }

  setMarks(first: number, marks: Marks): void {
    this.#marks ??= new Map();
    this.#marks.set(first, marks);
  }

  removeMarks(first: number): void {
    this.#marks?.delete(first);
  }

  /** Whether so many more entries can do without new sums. */
  canLeaveUncounted(entries: number): boolean {
    return this.uncounted !== undefined && this.uncounted + entries <= mostUncounted;
  }

  /** Reads chunks from the disk; `remember` is told of those that are still there. */
  async read<T extends { readonly chunks: readonly ChunkFacts[] }>(
    pages: () => Promise<T>,
    remember: (chunk: ChunkFacts) => void,
  ): Promise<T> {
    this.#readers++;
    try {
      const page = await pages();
      for (const chunk of page.chunks) if (this.#wentMeanwhile?.has(chunk.first) !== true) remember(chunk);
      return page;
    } finally {
      if (--this.#readers === 0) this.#wentMeanwhile = undefined;
    }
  }

  /** The last of the remembered chunks that begin at or before a number. */
  chunkBefore(sequence: number): ChunkFacts | undefined {
    return this.chunks[this.#countBefore(sequence) - 1];
  }

  add(chunk: ChunkFacts): void {
    const place = this.#countBefore(chunk.first);
    const isKnown = this.chunks[place - 1]?.first === chunk.first;
    this.chunks.splice(isKnown ? place - 1 : place, isKnown ? 1 : 0, chunk);
  }

  /** The chunk with that number is not on the disk any more. */
  forget(first: number): void {
    this.removeMarks(first);
    const place = this.#countBefore(first) - 1;
    if (this.chunks[place]?.first === first) this.chunks.splice(place, 1);
    if (this.#readers === 0) return;
    this.#wentMeanwhile ??= new Set();
    this.#wentMeanwhile.add(first);
  }

  /** How many of the remembered chunks begin at or before a number. */
  #countBefore(sequence: number): number {
    let [low, high] = [0, this.chunks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.chunks[middle]?.first ?? 0) <= sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
