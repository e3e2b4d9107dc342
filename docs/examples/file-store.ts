import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type Durability,
  memoryStore,
  type PageLimits,
  type Store,
  type StoreCapabilities,
  StoreError,
  type StoreOperation,
} from '@carillon/persistence';

/** A batch on one line. */
function writeLine(batch: readonly StoreOperation[]): string {
  return `${JSON.stringify(batch, function (this: Record<string, unknown>, key, value) {
    // A Buffer has turned itself into something else by now: `this` still has it.
    const bytes = this[key];
    return bytes instanceof Uint8Array ? { base64: Buffer.from(bytes).toString('base64') } : value;
  })}\n`;
}

function readLine(line: string): StoreOperation[] {
  return JSON.parse(line, (_key, value) =>
    typeof value?.base64 === 'string' ? Buffer.from(value.base64, 'base64') : value,
  );
}

/** Keeps a broker's state in a file, one line for each batch. All of it is in memory as well. */
export class FileStore implements Store {
  readonly name: string;
  readonly supports: StoreCapabilities = { durability: 'synced', atomicBatches: true, restart: true };
  readonly path: string;
  readonly #contents = memoryStore();
  #file: FileHandle | undefined;
  /** Of the whole lines. */
  #size = 0;
  /** A write has failed: part of a line may be in the file. */
  #isTorn = false;

  constructor(path: string) {
    this.path = path;
    this.name = `file:${path}`;
  }

  async open(): Promise<void> {
    const file = await open(this.path, 'a+');
    this.#file = file;
    const text = await file.readFile();
    // A power cut may have torn the last line: nobody was told that it is stored.
    this.#size = text.lastIndexOf('\n') + 1;
    await file.truncate(this.#size);
    for (const line of text.toString('utf8', 0, this.#size).split('\n')) {
      if (line !== '') await this.#contents.commit(this.#read(line), 'memory');
    }
    await syncFolder(dirname(this.path));
  }

  load() {
    return this.#contents.load();
  }

  async commit(batch: readonly StoreOperation[], durability: Durability): Promise<void> {
    const file = this.#file;
    if (file === undefined) throw new StoreError('closed', `${this.name} is not open`);
    const line = writeLine(batch);
    try {
      if (this.#isTorn) await file.truncate(this.#size);
      this.#isTorn = true;
      await file.appendFile(line);
      if (durability === 'synced') await file.datasync();
      this.#isTorn = false;
    } catch (error) {
      throw failureOf(error, this.name);
    }
    this.#size += Buffer.byteLength(line);
    await this.#contents.commit(batch, 'memory');
  }

  readQueue(clientId: string, after: number, limits: PageLimits) {
    return this.#contents.readQueue(clientId, after, limits);
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  #read(line: string): StoreOperation[] {
    try {
      return readLine(line);
    } catch (error) {
      throw new StoreError('damaged', `${this.name}: a line is damaged`, error);
    }
  }
}

function failureOf(error: unknown, store: string): StoreError {
  const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return new StoreError(isFull ? 'full' : 'io', `${store}: the batch could not be written`, error);
}

/** The name of a new file is on the disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
