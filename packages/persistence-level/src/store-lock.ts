import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { StoreError } from '@carillon/persistence';

/** Who has a store open. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
}

const fileName = 'carillon.lock';

/**
 * Says who has the folder open. LevelDB's own lock is what keeps others out; this file only gives it a name.
 */
export class StoreLock {
  readonly #location: string;
  readonly #file: string;

  constructor(location: string) {
    this.#location = location;
    this.#file = join(location, fileName);
  }

  async taken(): Promise<void> {
    const holder: LockHolder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    await writeFile(this.#file, `${JSON.stringify(holder)}\n`);
  }

  async released(): Promise<void> {
    await rm(this.#file, { force: true });
  }

  /** What whoever comes second is told. */
  async refusal(cause: unknown): Promise<StoreError> {
    const holder = await this.holder();
    const who =
      holder === undefined
        ? 'another process'
        : `process ${holder.pid} on ${holder.host} (since ${holder.since})`;
    return new StoreError('locked', `the store in ${this.#location} is in use by ${who}`, cause);
  }

  /** Undefined when nobody has said who they are. */
  async holder(): Promise<LockHolder | undefined> {
    try {
      const content: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      return isHolder(content) ? content : undefined;
    } catch {
      return undefined;
    }
  }
}

function isHolder(value: unknown): value is LockHolder {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'host' in value &&
    typeof value.host === 'string' &&
    'since' in value &&
    typeof value.since === 'string'
  );
}
