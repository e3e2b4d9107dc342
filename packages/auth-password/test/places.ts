import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file with that content, alone in a folder that goes when the test is over. */
export function fileWith(content: string | Uint8Array, name = 'users.txt'): string {
  const path = makeFile(content, name);
  onTestFinished(() => removeFile(path));
  return path;
}

/** The same for several tests, until it is removed. */
export function makeFile(content: string | Uint8Array, name = 'users.txt'): string {
  const path = join(mkdtempSync(join(tmpdir(), 'carillon-password-')), name);
  writeFileSync(path, content);
  return path;
}

/** Removes what {@link makeFile} made. */
export function removeFile(path: string): void {
  rmSync(dirname(path), { recursive: true, force: true });
}
