import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from '@carillon/persistence';
import { Level } from 'level';
import { Database } from './database.ts';
import { storeErrorOf } from './database-errors.ts';
import { readFormat } from './format.ts';

/** What a folder of LevelDB looks like from outside. */
export interface FolderLook {
  /** The format of Carillon's store; undefined when it is none. */
  readonly format: number | undefined;
  /** The first of all keys, which tells what else it may be; undefined when there are none. */
  readonly firstKey: string | undefined;
}

/**
 * Tells whether a folder holds a store of Carillon's, without changing or making anything.
 *
 * @throws {StoreError} when there is no database in it, another process has it, or it was written by a newer version.
 */
export async function lookIntoFolder(location: string): Promise<FolderLook> {
  try {
    // LevelDB would make the folder before it finds that there is no database in it.
    await access(join(location, 'CURRENT'));
  } catch (error) {
    throw new StoreError('io', `there is no store in ${location}`, error);
  }
  const database = new Database(
    new Level<string, Uint8Array>(location, { valueEncoding: 'view', createIfMissing: false }),
  );
  try {
    await database.open();
    let firstKey: string | undefined;
    for await (const key of database.keys({ gt: '', lt: '\uffff', limit: 1 })) firstKey = key;
    return { format: await readFormat(database, location), firstKey };
  } catch (error) {
    throw storeErrorOf(error, location);
  } finally {
    await database.close();
  }
}
