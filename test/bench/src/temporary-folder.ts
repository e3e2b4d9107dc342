import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of one measurement. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

const present = new Set<string>();
// Whatever ends this process, its folders go with it.
process.once('exit', () => {
  for (const path of present) rmSync(path, { recursive: true, force: true });
});

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), 'carillon-bench-'));
  present.add(path);
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
      present.delete(path);
    },
  };
}
