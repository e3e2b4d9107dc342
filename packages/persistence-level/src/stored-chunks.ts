import type { Database } from './database.ts';
import { keyOf, numberIn, partsOf, rangeOf } from './keys.ts';
import { readChunk, type StoredEntry } from './queue-chunk.ts';

/** A chunk as it lies on the disk. */
export interface StoredChunk {
  readonly key: string;
  readonly first: number;
  readonly value: Uint8Array;
}

/** So many bytes of chunks come from the database at once. */
const readAhead = 65_536;

/** The chunks of a session's queue in order, in lists, from the one on that begins at `from` or after it. */
export async function* chunksFrom(
  database: Database,
  clientId: string,
  from: number,
): AsyncGenerator<StoredChunk[]> {
  const all = rangeOf('q', clientId);
  const range = from > 0 ? { gt: keyOf.chunk(clientId, from - 1), lt: all.lt } : all;
  for await (const list of database.lists({ ...range, highWaterMarkBytes: readAhead })) {
    yield list.map(([key, value]) => ({ key, first: numberIn(partsOf(key)[1]), value }));
  }
}

/** The last chunk that begins at or before a number. */
export async function chunkBefore(
  database: Database,
  clientId: string,
  sequence: number,
): Promise<StoredChunk | undefined> {
  const range = { gt: rangeOf('q', clientId).gt, lt: keyOf.chunk(clientId, sequence + 1) };
  for await (const [key, value] of database.entries({ ...range, reverse: true, limit: 1 })) {
    return { key, first: numberIn(partsOf(key)[1]), value };
  }
  return undefined;
}

/** Its entries; none when it is damaged: then it counts for nothing, and whoever reads the queue sets it aside. */
export function entriesOf({ first, value }: StoredChunk): StoredEntry[] {
  try {
    return readChunk(first, value);
  } catch {
    return [];
  }
}
