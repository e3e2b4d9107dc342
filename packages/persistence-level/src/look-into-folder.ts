import { storeErrorOf } from './database-errors.ts';
import { readFormat } from './format.ts';
import { openExisting } from './open-existing.ts';

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
 * @throws {StoreError} when there is no database in it, another process has it, a newer version wrote it, or it cannot be read.
 */
export async function lookIntoFolder(location: string): Promise<FolderLook> {
  const database = await openExisting(location);
  try {
    let firstKey: string | undefined;
    for await (const key of database.keys({ gt: '', lt: '\uffff', limit: 1 })) firstKey = key;
    return { format: await readFormat(database, location), firstKey };
  } catch (error) {
    throw storeErrorOf(error, location);
  } finally {
    await database.close();
  }
}
