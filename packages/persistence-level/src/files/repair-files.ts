import { constants } from 'node:fs';
import { copyFile, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { FoundDamage } from './database-files.ts';
import { readLog, writeLog } from './log-file.ts';
import { withoutDamage } from './table-file.ts';

/** Where damaged files are kept as they were. (LevelDB's own repair has a folder `lost`, in which it overwrites.) */
const keptIn = 'damaged';

/**
 * Makes the files of a folder such that LevelDB opens it, with everything that can still be read. Each damaged file is
 * kept as it was in the folder `damaged`. Run again after it was cut off, it goes on.
 */
export async function repairFiles(location: string, damaged: readonly FoundDamage[]): Promise<void> {
  await keepDamaged(location, damaged);
  for (const { file, kind, isPartial } of damaged) {
    if (!isPartial) continue;
    const bytes = await readFile(join(location, file));
    // LevelDB's repair does not look at checksums: what is damaged has to be gone before.
    await replace(
      join(location, file),
      kind === 'log' ? writeLog(readLog(bytes).records) : withoutDamage(bytes),
    );
  }
  // A log that is gone is not missed by anybody once the database is opened.
  const isWhole = damaged.every(({ kind, isPartial }) => kind === 'log' || isPartial);
  if (!isWhole) await ClassicLevel.repair(location);
}

/** Copies damaged files before something happens to them. */
export async function keepDamaged(location: string, damaged: readonly FoundDamage[]): Promise<void> {
  for (const { file } of damaged) {
    await mkdir(join(location, keptIn), { recursive: true });
    try {
      await copyFile(join(location, file), join(location, keptIn, file), constants.COPYFILE_EXCL);
    } catch (error) {
      // What was kept before is from the first try, and has more.
      if (!isOneOf(error, ['EEXIST', 'ENOENT'])) throw error;
    }
  }
}

function isOneOf(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** At once and whole, on the disk before it takes the place of the old one. */
async function replace(file: string, bytes: Buffer): Promise<void> {
  const next = `${file}.mended`;
  const handle = await open(next, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
}
