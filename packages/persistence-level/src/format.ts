import { StoreError } from '@carillon/persistence';
import type { Database } from './database.ts';
import { keyOf } from './keys.ts';
import { numberCodec } from './values.ts';

/** The layout and the records as this version writes them. Raised when an older version could not read them. */
export const formatVersion = 1;

/** Marks a new store, and refuses one that a newer version has written. */
export async function checkFormat(database: Database, name: string): Promise<void> {
  const key = keyOf.meta('format');
  const stored = await database.get(key);
  if (stored === undefined) {
    await database.batch([{ type: 'put', key, value: numberCodec.write(formatVersion) }], false);
    return;
  }
  const version = readVersion(stored, name);
  if (version <= formatVersion) return;
  throw new StoreError(
    'newer-format',
    `${name}: it has format ${version}, and this version of Carillon reads formats up to ${formatVersion}; use the version that wrote it, or a newer one`,
  );
}

function readVersion(stored: Uint8Array, name: string): number {
  try {
    return numberCodec.read(stored);
  } catch (error) {
    throw new StoreError('damaged', `${name}: its format number cannot be read`, error);
  }
}
