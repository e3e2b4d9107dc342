import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file with that content, alone in a folder that goes when the test is over. */
export function fileWith(content: string | Uint8Array, name = 'users.txt'): string {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-password-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
