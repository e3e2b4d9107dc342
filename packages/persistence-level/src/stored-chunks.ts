import type { Database, Range } from './database.ts';
import { firstPartOf, keyOf, numberIn, partsOf, rangeOf } from './keys.ts';
import { readChunk, type StoredEntry } from './queue-chunk.ts';

/** A chunk as it lies on the disk. */
export interface StoredChunk {
  readonly key: string;
  readonly first: number;
  readonly value: Uint8Array;
}

/** So many bytes of chunks come from the database at once. */
const readAhead = 65_536;

/**
 * The chunks of a session's queue in order, in lists, from the one on that begins at `from` or after it.
 *
 * @param enough Who needs so many bytes of them is given no more at once than that, if it is less than usual.
 */
export async function* chunksFrom(
  database: Database,
  clientId: string,
  from: number,
  enough = readAhead,
): AsyncGenerator<StoredChunk[]> {
  const all = rangeOf('q', clientId);
  const range = from > 0 ? { gt: keyOf.chunk(clientId, from - 1), lt: all.lt } : all;
  for await (const list of database.lists({ ...range, highWaterMarkBytes: Math.min(enough, readAhead) })) {
    yield list.map(([key, value]) => ({ key, first: numberIn(partsOf(key)[1]), value }));
  }
}

/** The client ids that have chunks, whether there is a session or not. */
export async function clientsWithChunks(database: Database): Promise<Set<string>> {
  const clients = new Set<string>();
  const all = rangeOf('q');
  for (let from: string | undefined = all.gt; from !== undefined; ) {
    from = await clientsFrom(database, { gt: from, lt: all.lt }, clients);
  }
  return clients;
}

/** Many keys of one client in a row: it is quicker to begin anew behind them. */
const longRun = 1000;

/** Reads on until one client has many chunks; returns where to go on behind them. */
async function clientsFrom(
  database: Database,
  range: Range,
  clients: Set<string>,
): Promise<string | undefined> {
  let last: string | undefined;
  let run = 0;
  for await (const key of database.keys(range)) {
    const clientId = firstPartOf(key);
    if (clientId !== last) {
      clients.add(clientId);
      last = clientId;
      run = 0;
    } else if (++run === longRun) return rangeOf('q', clientId).lt;
  }
  return undefined;
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
