import { StoreError } from '@carillon/persistence';
import { QueueCheck } from './check-queues.ts';
import { type AnyLevel, Database } from './database.ts';
import { storeErrorOf } from './database-errors.ts';
import { type FilesReport, inspectFiles } from './files/database-files.ts';
import { repairFiles } from './files/repair-files.ts';
import { formatVersion, readFormat } from './format.ts';
import { keyOf, partsOf, rangeOf, type Space } from './keys.ts';
import { openAsItIs, refuseIfInUse, requireDatabase } from './open-existing.ts';
import { Findings, type RecordKind, type StoreReport } from './store-report.ts';
import { messageCodec, numberCodec, sessionCodec, subscriptionCodec, willCodec } from './values.ts';

/** Which store is checked, and whether it is put right. */
export type CheckLevelOptions = {
  /**
   * Takes what is damaged out of LevelDB's files, sets damaged records aside, deletes what belongs to nothing, and
   * corrects counts. Default false.
   */
  readonly repair?: boolean;
} & ({ readonly location: string } | { readonly database: AnyLevel });

/**
 * Reads every record of a store that no broker has open: whether it can be read, whether what it belongs to is
 * there, and whether counts are right. Of a folder it first holds LevelDB's own files against their checksums. Nothing
 * is changed unless `repair` is asked for; damaged files are then kept as they were in the folder `damaged` beside
 * them.
 *
 * What it cannot see: that the newest log has lost its end, or that the folder is an old copy. Nothing on the disk says
 * where the newest log has to end.
 *
 * @throws {StoreError} when the database cannot be opened, or has a newer format.
 * @example
 * ```ts
 * const { wrong, findings } = await checkLevelStore({ location: './carillon-data' });
 * ```
 */
export async function checkLevelStore(options: CheckLevelOptions): Promise<StoreReport> {
  const { repair = false } = options;
  if ('database' in options)
    return checkRecords(new Database(options.database), 'the database', repair, intact);
  const { location } = options;
  await requireDatabase(location);
  await refuseIfInUse(location);
  try {
    const files = await inspectFiles(location, 'all');
    if (files.damaged.length > 0 && !repair) return new Findings().report(files, false);
    await repairFiles(location, files.damaged);
    return await checkRecords(await openAsItIs(location), location, repair, files);
  } catch (error) {
    throw storeErrorOf(error, location);
  }
}

const intact: FilesReport = { damaged: [], torn: 0 };

async function checkRecords(
  database: Database,
  name: string,
  repair: boolean,
  files: FilesReport,
): Promise<StoreReport> {
  try {
    await database.open();
    const check = new StoreCheck(database, name);
    await check.run();
    const { findings } = check;
    if (repair) await applyChanges(database, findings);
    return findings.report(files, repair);
  } catch (error) {
    throw storeErrorOf(error, name);
  } finally {
    await database.close();
  }
}

/** Each chunk leaves the store no worse than it was: a check that was cut off is simply run again. */
async function applyChanges(database: Database, { changes }: Findings): Promise<void> {
  const together = 1_000;
  for (let first = 0; first < changes.length; first += together) {
    await database.batch(changes.slice(first, first + together), true);
  }
}

class StoreCheck {
  readonly findings = new Findings();
  readonly #database: Database;
  readonly #name: string;
  readonly #sessions = new Set<string>();

  constructor(database: Database, name: string) {
    this.#database = database;
    this.#name = name;
  }

  async run(): Promise<void> {
    this.findings.format = await readFormat(this.#database, this.#name);
    if (this.findings.format === undefined) {
      await this.#refuseForeign();
      this.#foundNoFormat();
    }
    await this.#checkSessions();
    await new QueueCheck(this.#database, this.findings, this.#sessions).run();
    await this.#checkOf('u', 'subscriptions', (value, [, filter]) => {
      if (subscriptionCodec.read(value).filter !== filter) throw new Error('its filter is another one');
    });
    await this.#checkOf('w', 'Wills', (value) => willCodec.read(value));
    await this.#checkOf('i', 'inbound packet identifiers', (value) => numberCodec.read(value));
    await this.#checkRetained();
    for await (const _ of this.#database.keys(rangeOf('x'))) this.findings.count('set aside');
  }

  /** Its keys are not made as ours are. */
  async #refuseForeign(): Promise<void> {
    for await (const key of this.#database.keys({ gt: '', lt: '\uffff', limit: 1 })) {
      if (!key.includes('\0')) throw new StoreError('io', `${this.#name} holds no store of Carillon's`);
    }
  }

  #foundNoFormat(): void {
    const value = numberCodec.write(formatVersion);
    const repair = { type: 'put', key: keyOf.meta('format'), value } as const;
    this.findings.found('m format', 'the store does not say its format', repair);
  }

  async #checkSessions(): Promise<void> {
    for await (const [key, value] of this.#entries('s', 'sessions')) {
      const [clientId = ''] = partsOf(key);
      const isReadable = this.findings.tryRead(key, value, () => {
        if (sessionCodec.read(value).clientId !== clientId) throw new Error('its client id is another one');
      });
      if (isReadable) this.#sessions.add(clientId);
    }
  }

  async #checkRetained(): Promise<void> {
    for await (const [key, value] of this.#entries('r', 'retained messages')) {
      const [topic] = partsOf(key);
      this.findings.tryRead(key, value, () => {
        if (messageCodec.read(value).topic !== topic) throw new Error('its topic is another one');
      });
    }
  }

  /** A space of records that belong to sessions. */
  async #checkOf(
    space: Space,
    kind: RecordKind,
    read: (value: Uint8Array, parts: string[]) => unknown,
  ): Promise<void> {
    for await (const [key, value] of this.#entries(space, kind)) {
      const parts = partsOf(key);
      if (!this.findings.belongs(key, this.#sessions.has(parts[0] ?? ''))) continue;
      this.findings.tryRead(key, value, () => read(value, parts));
    }
  }

  async *#entries(space: Space, kind: RecordKind): AsyncGenerator<[string, Uint8Array]> {
    for await (const entry of this.#database.entries(rangeOf(space))) {
      this.findings.count(kind);
      yield entry;
    }
  }
}
