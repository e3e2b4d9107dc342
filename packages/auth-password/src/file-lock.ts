import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** How often somebody who waits looks again, in milliseconds. */
const glance = 20;

/** `FILE.lock` beside a file: whoever has made it may change the file. It holds the id of the process. */
export class FileLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * @param patience Milliseconds to wait for another process.
   * @returns `undefined` when another process has it for longer.
   */
  static async take(file: string, patience: number): Promise<FileLock | undefined> {
    const path = `${file}.lock`;
    for (let waited = 0; ; waited += glance) {
      if (await make(path)) return new FileLock(path);
      const holder = await holderOf(path);
      if (holder === undefined) continue;
      if (!isAlive(holder)) {
        await takeAway(path, holder);
        continue;
      }
      if (waited >= patience) return undefined;
      await setTimeout(glance);
    }
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

/** Written first and named afterwards: nobody sees a lock that does not say whose it is. */
async function make(path: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(String(process.pid));
    await file.close();
    await link(draft, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function holderOf(path: string): Promise<number | undefined> {
  try {
    return Number(await readFile(path, 'utf8'));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !isCode(error, 'ESRCH');
  }
}

/** Two who find a dead process's lock must not take away each other's new one. */
async function takeAway(path: string, holder: number): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  if ((await holderOf(aside)) !== holder) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
