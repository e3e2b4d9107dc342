import type { QueueSummary } from '@carillon/persistence';
import { BoundedCache } from './bounded-cache.ts';

/** What the store must know of a queue entry to take it out: its size, and the body it refers to. */
export interface EntryFacts {
  readonly bytes: number;
  readonly body: number | undefined;
}

const rememberedEntries = 65_536;
const rememberedCounts = 65_536;

/** What the store keeps in memory of what is on the disk: sums for each session, and the latest of the rest. */
export class StoreIndex {
  readonly summaries = new Map<string, QueueSummary>();
  readonly entries = new BoundedCache<EntryFacts>(rememberedEntries);
  /** How many queue entries refer to a body, by the key of the count. */
  readonly counts = new BoundedCache<number>(rememberedCounts);
  nextBody = 1;
}

export const emptySummary: QueueSummary = Object.freeze({ length: 0, bytes: 0, lastSequence: 0 });
