import type { Database } from './database.ts';
import { gone } from './delivery-marks.ts';
import { numberIn, partsOf, rangeOf } from './keys.ts';
import { isInBundle } from './queue-chunk.ts';
import type { StoreIndex } from './store-index.ts';
import { entriesOf } from './stored-chunks.ts';

/** Counts anew how many entries refer to some bundles. Reads the queues of all sessions: what said so is damaged. */
export async function countReferences(
  database: Database,
  index: StoreIndex,
  bundles: ReadonlySet<number>,
  counts: Map<number, number>,
): Promise<void> {
  for (const bundle of bundles) counts.set(bundle, 0);
  for await (const [key, value] of database.entries(rangeOf('q'))) {
    const [clientId = '', part] = partsOf(key);
    const first = numberIn(part);
    const marks = index.queues.get(clientId)?.marks.get(first);
    for (const { sequence, content } of entriesOf({ key, first, value })) {
      if (!isInBundle(content) || marks?.get(sequence) === gone) continue;
      const count = counts.get(content.bundle);
      if (bundles.has(content.bundle) && count !== undefined) counts.set(content.bundle, count + 1);
    }
  }
}
