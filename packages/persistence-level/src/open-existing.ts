import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '@carillon/persistence';
import { Level } from 'level';
import { Database } from './database.ts';
import { storeErrorOf } from './database-errors.ts';
import { StoreLock } from './store-lock.ts';

/**
 * Opens the database in a folder; makes nothing where there is none.
 *
 * @throws {StoreError} when there is none, it cannot be opened, or another process has it, who is named then.
 */
export async function openExisting(location: string): Promise<Database> {
  try {
    // LevelDB would make the folder before it finds that there is no database in it.
    await access(join(location, 'CURRENT'));
  } catch (error) {
    throw new StoreError('io', `there is no store in ${location}`, error);
  }
  const level = new Level<string, Uint8Array>(location, { valueEncoding: 'view', createIfMissing: false });
  const database = new Database(level);
  try {
    await database.open();
    return database;
  } catch (error) {
    const known = storeErrorOf(error, location);
    throw known.failure === 'locked' ? await new StoreLock(location).refusal(known) : known;
  }
}
