import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs something with a folder of its own, which is gone afterwards. */
export async function inFolder<T>(run: (location: string) => Promise<T>): Promise<T> {
  const location = await mkdtemp(join(tmpdir(), 'carillon-crash-'));
  try {
    return await run(location);
  } finally {
    await rm(location, { recursive: true, force: true });
  }
}
