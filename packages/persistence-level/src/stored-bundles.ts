import { asError } from '@carillon/hooks/checks';
import type { Message } from '@carillon/persistence';
import { readBundle } from './bundle.ts';
import type { Copies } from './copies.ts';
import type { Database } from './database.ts';
import { keyOf } from './keys.ts';
import { isInBundle, type StoredEntry } from './queue-chunk.ts';
import type { SetAside } from './set-aside.ts';

/** The messages of the bundles that some entries refer to. A bundle that is damaged or gone has none. */
export async function bundlesOf(
  database: Database,
  entries: readonly StoredEntry[],
  setAside: SetAside,
  copies?: Copies,
): Promise<ReadonlyMap<number, readonly Message[]>> {
  const bundles = new Map<number, readonly Message[]>();
  const numbers = new Set<number>();
  for (const { content } of entries) if (isInBundle(content)) numbers.add(content.bundle);
  if (numbers.size === 0) return bundles;
  const keys = Array.from(numbers, keyOf.bundle);
  const values = await database.getMany(keys);
  for (const [i, number] of [...numbers].entries()) {
    const value = values[i];
    if (value === undefined) continue;
    try {
      bundles.set(number, readBundle(value, copies));
    } catch (error) {
      const key = keys[i] ?? '';
      await setAside({ key, value, error: asError(error) });
    }
  }
  return bundles;
}

/** The message of an entry, wherever it lies. */
export function messageOf(
  { content }: StoredEntry,
  bundles: ReadonlyMap<number, readonly Message[]>,
): Message | undefined {
  return isInBundle(content) ? bundles.get(content.bundle)?.[content.place] : content;
}
