import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@carillon/hooks/checks';
import { readLog, type Stretch } from './log-file.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { inspectTable } from './table-file.ts';

/** A file of LevelDB's that is not as LevelDB wrote it. */
export interface DamagedFile {
  /** Its name in the folder. */
  readonly file: string;
  readonly problem: string;
  /** How many of its bytes cannot be used. */
  readonly bytes: number;
}

/** What kind of file is damaged, and how: by that it is known what mends it. */
export interface FoundDamage extends DamagedFile {
  readonly kind: 'current' | 'manifest' | 'log' | 'table';
  /** Whether the rest of the file is of use without what is damaged. */
  readonly isPartial: boolean;
}

/** What is known of the files of a folder. */
export interface FilesReport {
  readonly damaged: readonly FoundDamage[];
  /** Bytes at the ends of files that belong to something which was not finished, as a crash leaves them. */
  readonly torn: number;
}

/**
 * Holds the files of a LevelDB folder against their checksums, without opening it: LevelDB itself passes over what is
 * damaged in a log without a word, and writes anew what is left. `which` leaves the tables out, which may be large.
 */
export async function inspectFiles(location: string, which: 'all' | 'without-tables'): Promise<FilesReport> {
  const inspection = new Inspection(location, await readdir(location));
  await inspection.run(which === 'all');
  return inspection;
}

class Inspection implements FilesReport {
  readonly damaged: FoundDamage[] = [];
  torn = 0;
  readonly #location: string;
  readonly #names: ReadonlySet<string>;

  constructor(location: string, names: readonly string[]) {
    this.#location = location;
    this.#names = new Set(names);
  }

  async run(withTables: boolean): Promise<void> {
    const manifest = await this.#readManifest();
    await this.#inspectLogs(manifest);
    if (withTables) await this.#inspectTables(manifest);
    else this.#findMissingTables(manifest);
  }

  /** Undefined when nobody knows any more which files belong to the database. */
  async #readManifest(): Promise<Manifest | undefined> {
    if (!this.#names.has('CURRENT')) {
      this.#found('CURRENT', 'current', 'it is not there', 0, false);
      return undefined;
    }
    const current = (await this.#read('CURRENT')).toString('latin1');
    const name = /^(MANIFEST-\d+)\n$/.exec(current)?.[1];
    if (name === undefined || !this.#names.has(name)) {
      const problem = name === undefined ? 'it names no manifest' : `it names ${name}, which is not there`;
      this.#found('CURRENT', 'current', problem, current.length, false);
      return undefined;
    }
    const { records, damage, torn } = readLog(await this.#read(name));
    this.torn += torn;
    const [first] = damage;
    if (first !== undefined) {
      this.#found(name, 'manifest', describe(damage), bytesIn(damage), false);
      return undefined;
    }
    try {
      const manifest = readManifest(records);
      // Not even its first record is whole.
      if (records.length > 0) return manifest;
      this.#found(name, 'manifest', 'there is nothing in it', 0, false);
    } catch (error) {
      const problem = messageOf(error);
      this.#found(name, 'manifest', problem, 0, false);
    }
    return undefined;
  }

  async #inspectLogs(manifest: Manifest | undefined): Promise<void> {
    const oldest = manifest?.log ?? 0;
    if (oldest > 0 && !this.#names.has(logName(oldest))) {
      this.#found(logName(oldest), 'log', 'it is not there', 0, false);
    }
    for (const name of this.#numbered('log', oldest)) {
      const { damage, torn } = readLog(await this.#read(name));
      this.torn += torn;
      if (damage.length > 0) this.#found(name, 'log', describe(damage), bytesIn(damage), true);
    }
  }

  async #inspectTables(manifest: Manifest | undefined): Promise<void> {
    if (manifest === undefined) {
      for (const ending of ['ldb', 'sst']) {
        for (const name of this.#numbered(ending, 0)) await this.#inspectTable(name, undefined);
      }
      return;
    }
    this.#findMissingTables(manifest);
    for (const [number, size] of manifest.tables) {
      const name = this.#tableName(number);
      if (name !== undefined) await this.#inspectTable(name, size);
    }
  }

  #findMissingTables(manifest: Manifest | undefined): void {
    for (const [number, size] of manifest?.tables ?? []) {
      if (this.#tableName(number) !== undefined) continue;
      this.#found(`${fixed(number)}.ldb`, 'table', 'it is not there', size, false);
    }
  }

  async #inspectTable(name: string, size: number | undefined): Promise<void> {
    const bytes = await this.#read(name);
    if (size !== undefined && bytes.length !== size) {
      const problem = `it has ${bytes.length} bytes where LevelDB wrote ${size}`;
      this.#found(name, 'table', problem, size, false);
      return;
    }
    const { stretches, isReadable } = inspectTable(bytes);
    if (stretches.length > 0) this.#found(name, 'table', describe(stretches), bytesIn(stretches), isReadable);
  }

  #tableName(number: number): string | undefined {
    return [`${fixed(number)}.ldb`, `${fixed(number)}.sst`].find((name) => this.#names.has(name));
  }

  /** The files whose names are numbers, from `oldest` on, in order. */
  #numbered(ending: string, oldest: number): string[] {
    return [...this.#names]
      .filter((name) => name.endsWith(`.${ending}`) && Number.parseInt(name, 10) >= oldest)
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  }

  #read(name: string): Promise<Buffer> {
    return readFile(join(this.#location, name));
  }

  #found(file: string, kind: FoundDamage['kind'], problem: string, bytes: number, isPartial: boolean): void {
    this.damaged.push({ file, kind, problem, bytes, isPartial });
  }
}

function logName(number: number): string {
  return `${fixed(number)}.log`;
}

function fixed(number: number): string {
  return `${number}`.padStart(6, '0');
}

function bytesIn(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { length }) => sum + length, 0);
}

function describe(stretches: readonly Stretch[]): string {
  const [first, ...others] = stretches;
  if (first === undefined) return '';
  const end = first.offset + first.length;
  const more = others.length === 0 ? '' : `, and ${others.length} more such places`;
  return `bytes ${first.offset} to ${end} cannot be used: ${first.problem}${more}`;
}
