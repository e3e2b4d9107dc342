import { BoundedCache } from './bounded-cache.ts';
import type { ChunkFacts } from './chunk-facts.ts';
import { QueueIndex } from './queue-index.ts';

const rememberedCounts = 65_536;
/** In entries; a chunk costs as much as eight of them beside its own. */
const rememberedEntries = 262_144;
const chunkOverhead = 8;

interface Remembered {
  readonly queue: QueueIndex;
  readonly chunk: ChunkFacts;
}

/** What the store keeps in memory of what is on the disk: sums for each session, and the latest of the rest. */
export class StoreIndex {
  readonly queues = new Map<string, QueueIndex>();
  /** How many queue entries refer to a bundle. */
  readonly bundleCounts = new BoundedCache<number, number>(rememberedCounts);
  nextBundle = 1;
  /** Two generations, as in `BoundedCache`. */
  #young: Remembered[] = [];
  #old: Remembered[] = [];
  #youngSize = 0;

  /** What is known of a session's queue, if only that there is one. */
  queueOf(clientId: string): QueueIndex {
    const known = this.queues.get(clientId);
    if (known !== undefined) return known;
    const queue = new QueueIndex();
    this.queues.set(clientId, queue);
    return queue;
  }

  /** Remembers the facts of a chunk that is on the disk, until many others have come. */
  remember(queue: QueueIndex, chunk: ChunkFacts): void {
    queue.add(chunk);
    this.#young.push({ queue, chunk });
    this.#youngSize += chunkOverhead + chunk.sequences.length;
    if (this.#youngSize < rememberedEntries) return;
    this.#forgetOld();
    this.#old = this.#young;
    this.#young = [];
    this.#youngSize = 0;
  }

  #forgetOld(): void {
    const old = new Set(this.#old.map(({ chunk }) => chunk));
    const queues = new Set(this.#old.map(({ queue }) => queue));
    for (const queue of queues) queue.chunks = queue.chunks.filter((chunk) => !old.has(chunk));
  }
}
