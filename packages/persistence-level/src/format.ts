import { StoreError } from '@carillon/persistence';
import type { Database } from './database.ts';
import { keyOf } from './keys.ts';
import { numberCodec } from './values.ts';

/** The layout and the records as this version writes them. Raised when an older version could not read them. */
export const formatVersion = 1;

/** Marks a new store, and refuses one that a newer version has written. */
export async function checkFormat(database: Database, name: string): Promise<void> {
  if ((await readFormat(database, name)) !== undefined) return;
  const value = numberCodec.write(formatVersion);
  await database.batch([{ type: 'put', key: keyOf.meta('format'), value }], false);
}

/** The format of a store, or undefined when it has none yet; refuses one that a newer version has written. */
export async function readFormat(database: Database, name: string): Promise<number | undefined> {
  const stored = await database.get(keyOf.meta('format'));
  if (stored === undefined) return undefined;
  const version = readVersion(stored, name);
  if (version <= formatVersion) return version;
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
