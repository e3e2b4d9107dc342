import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FileLock } from './file-lock.ts';
import { readLines, type UserLine } from './read-users.ts';

/** The lines of a file after a change; `undefined` when there is nothing to change. */
export type LineChange = (lines: readonly UserLine[]) => readonly string[] | undefined;

/** What became of a change. */
export type EditOutcome = 'changed' | 'unchanged' | 'busy';

/**
 * Changes lines of a file of users, and leaves the others as they are. Whoever reads the file meanwhile sees it as
 * it was before or as it is afterwards; of several processes one changes it at a time.
 *
 * @param patience Milliseconds to wait for another process that changes the file.
 * @returns What became of it; `busy` when another process does not come to its end.
 * @throws {PasswordFileError} when a line cannot be read.
 */
export async function editUsers(path: string, patience: number, change: LineChange): Promise<EditOutcome> {
  const target = await realpath(path).catch(() => path);
  const lock = await FileLock.take(target, patience);
  if (lock === undefined) return 'busy';
  try {
    const before = await stat(target).catch(onlyIfMissing);
    const lines = before === undefined ? [] : readLines(await readFile(target), path);
    const changed = change(lines);
    if (changed === undefined) return 'unchanged';
    await replace(target, changed, before);
    return 'changed';
  } finally {
    await lock.release();
  }
}

/** A new file in the place of the old one, in one step: never half of it, and none where there was one. */
async function replace(path: string, lines: readonly string[], before: Stats | undefined): Promise<void> {
  const name = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(name, 'wx', 0o600);
  try {
    await file.writeFile(lines.join('\n'));
    if (before !== undefined) {
      await file.chmod(before.mode & 0o7777);
      // Only root may give a file away; for others it is theirs already, or becomes so.
      await file.chown(before.uid, before.gid).catch(() => {});
    }
    await file.sync();
    await file.close();
    await rename(name, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await file.close().catch(() => {});
    await rm(name, { force: true });
    throw error;
  }
}

/** So that the new name survives a power cut, where folders can be flushed at all. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  if (folder === undefined) return;
  await folder.sync().catch(() => {});
  await folder.close();
}

function onlyIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
