import { readdir } from 'node:fs/promises';
import { StoreError } from '@carillon/persistence';
import { Level } from 'level';
import { Database } from './database.ts';
import { storeErrorOf } from './database-errors.ts';
import { inspectFiles } from './files/database-files.ts';
import { StoreLock } from './store-lock.ts';

/**
 * Opens the database in a folder; makes nothing where there is none, and leaves one as it is whose files are damaged:
 * LevelDB would take the damage out of it, and what could still be saved by hand with that.
 *
 * @throws {StoreError} when there is none, it cannot be opened, or another process has it, who is named then.
 */
export async function openExisting(location: string): Promise<Database> {
  await requireDatabase(location);
  const [damage] = (await inspectFiles(location, 'without-tables')).damaged;
  if (damage !== undefined) {
    await refuseIfInUse(location);
    throw new StoreError('damaged', `${location}: its files are damaged (${damage.file}: ${damage.problem})`);
  }
  return openAsItIs(location);
}

/** As `openExisting`, for who has looked at the files. */
export async function openAsItIs(location: string): Promise<Database> {
  const level = new Level<string, Uint8Array>(location, { valueEncoding: 'view', createIfMissing: false });
  const database = new Database(level);
  try {
    await database.open();
    return database;
  } catch (error) {
    throw await explained(error, location);
  }
}

/** @throws {StoreError} when LevelDB has no files in the folder. */
export async function requireDatabase(location: string): Promise<void> {
  if (!(await hasDatabase(location))) throw new StoreError('io', `there is no store in ${location}`);
}

/** Whether LevelDB has files in the folder. (It would make the folder before it finds that it has none.) */
export async function hasDatabase(location: string): Promise<boolean> {
  const names = await readdir(location).catch((): string[] => []);
  return names.some((name) => name === 'CURRENT' || name.startsWith('MANIFEST-'));
}

/**
 * Tells whether another process has the database, and changes nothing in it: LevelDB takes its lock before it finds
 * that there is one already.
 *
 * @throws {StoreError} when there is such a process.
 */
export async function refuseIfInUse(location: string): Promise<void> {
  const probe = new Level(location, { createIfMissing: false, errorIfExists: true });
  try {
    await probe.open();
  } catch (error) {
    if (storeErrorOf(error, location).failure === 'locked') throw await explained(error, location);
  }
}

async function explained(error: unknown, location: string): Promise<StoreError> {
  const known = storeErrorOf(error, location);
  return known.failure === 'locked' ? new StoreLock(location).refusal(known) : known;
}
