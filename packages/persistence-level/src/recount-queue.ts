import { asError } from '@carillon/hooks/checks';
import type { Database } from './database.ts';
import { gone } from './delivery-marks.ts';
import { readChunk } from './queue-chunk.ts';
import type { QueueIndex } from './queue-index.ts';
import type { SetAside } from './set-aside.ts';
import { chunksFrom } from './stored-chunks.ts';

/**
 * Counts a queue that is damaged anew, and sets aside the chunks that cannot be read: gives their numbers. Reads all
 * of it; no batch may be under way meanwhile.
 */
export async function recountQueue(
  database: Database,
  clientId: string,
  queue: QueueIndex,
  setAside: SetAside,
): Promise<number[]> {
  const damaged: number[] = [];
  let [length, bytes] = [0, 0];
  let { lastSequence } = queue.summary;
  for await (const chunks of chunksFrom(database, clientId, 0)) {
    for (const { key, first, value } of chunks) {
      // The number of what cannot be read is not given to another entry.
      lastSequence = Math.max(lastSequence, first);
      try {
        for (const entry of readChunk(first, value)) {
          lastSequence = Math.max(lastSequence, entry.sequence);
          if (queue.marks.get(first)?.get(entry.sequence) === gone) continue;
          length++;
          bytes += entry.bytes;
        }
      } catch (error) {
        await setAside({ key, value, error: asError(error) });
        queue.forget(first);
        damaged.push(first);
      }
    }
  }
  queue.summary = { length, bytes, lastSequence };
  queue.uncounted = length;
  queue.mustRecount = false;
  return damaged;
}
