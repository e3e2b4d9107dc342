import type { QueueSummary } from '@carillon/persistence';
import { type AnyLevel, Database } from './database.ts';
import { storeErrorOf } from './database-errors.ts';
import { formatVersion, readFormat } from './format.ts';
import { keyOf, numberIn, partsOf, rangeOf, type Space } from './keys.ts';
import { openExisting } from './open-existing.ts';
import { emptySummary } from './store-index.ts';
import { Findings, type RecordKind, type StoreReport } from './store-report.ts';
import {
  deliveryCodec,
  entryCodec,
  messageCodec,
  numberCodec,
  sessionCodec,
  subscriptionCodec,
  summaryCodec,
  willCodec,
} from './values.ts';

/** Which store is checked, and whether it is put right. */
export type CheckLevelOptions = {
  /** Sets damaged records aside, deletes what belongs to nothing, and corrects counts. Default false. */
  readonly repair?: boolean;
} & ({ readonly location: string } | { readonly database: AnyLevel });

/**
 * Reads every record of a store that no broker has open: whether it can be read, whether what it belongs to is
 * there, and whether counts are right. Nothing is changed unless `repair` is asked for.
 *
 * @throws {StoreError} when the database cannot be opened, or has a newer format.
 * @example
 * ```ts
 * const { wrong, findings } = await checkLevelStore({ location: './carillon-data' });
 * ```
 */
export async function checkLevelStore(options: CheckLevelOptions): Promise<StoreReport> {
  const { repair = false } = options;
  const name = 'location' in options ? options.location : 'the database';
  const database =
    'location' in options ? await openExisting(options.location) : new Database(options.database);
  try {
    await database.open();
    const check = new StoreCheck(database, name);
    await check.run();
    const { findings } = check;
    if (repair) await applyChanges(database, findings);
    return findings.report(repair && findings.wrong > 0);
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
  readonly #queues = new Map<string, QueueSummary>();
  /** How many entries refer to each body. */
  readonly #references = new Map<number, number>();
  readonly #bodies = new Set<number>();

  constructor(database: Database, name: string) {
    this.#database = database;
    this.#name = name;
  }

  async run(): Promise<void> {
    this.findings.format = await readFormat(this.#database, this.#name);
    if (this.findings.format === undefined) this.#foundNoFormat();
    await this.#checkSessions();
    await this.#findBodies();
    await this.#checkEntries();
    await this.#checkUnusedBodies();
    await this.#checkBodyCounts();
    await this.#checkSummaries();
    await this.#checkDeliveries();
    await this.#checkOf('u', 'subscriptions', (value, [, filter]) => {
      if (subscriptionCodec.read(value).filter !== filter) throw new Error('its filter is another one');
    });
    await this.#checkOf('w', 'Wills', (value) => willCodec.read(value));
    await this.#checkOf('i', 'inbound packet identifiers', (value) => numberCodec.read(value));
    await this.#checkRetained();
    for await (const _ of this.#database.keys(rangeOf('x'))) this.findings.count('set aside');
  }

  #foundNoFormat(): void {
    const value = numberCodec.write(formatVersion);
    const repair = { type: 'put', key: keyOf.meta('format'), value } as const;
    this.findings.found('m format', 'the store does not say its format', repair);
  }

  async #checkSessions(): Promise<void> {
    for await (const [key, value] of this.#entries('s', 'sessions')) {
      const [clientId = ''] = partsOf(key);
      const isReadable = this.#tryRead(key, value, () => {
        if (sessionCodec.read(value).clientId !== clientId) throw new Error('its client id is another one');
      });
      if (isReadable) this.#sessions.add(clientId);
    }
  }

  async #findBodies(): Promise<void> {
    for await (const [key, value] of this.#entries('b', 'shared bodies')) {
      if (this.#tryRead(key, value, () => messageCodec.read(value))) {
        this.#bodies.add(numberIn(partsOf(key)[0]));
      }
    }
  }

  async #checkEntries(): Promise<void> {
    for await (const [key, value] of this.#entries('q', 'queue entries')) {
      const [clientId = '', sequence] = partsOf(key);
      if (!this.#belongs(key, clientId)) continue;
      const isReadable = this.#tryRead(key, value, () => {
        const { content, bytes } = entryCodec.read(value);
        if (typeof content === 'number') {
          if (!this.#bodies.has(content)) throw new Error('the message it refers to is not there');
          this.#references.set(content, (this.#references.get(content) ?? 0) + 1);
        }
        const known = this.#queues.get(clientId) ?? emptySummary;
        this.#queues.set(clientId, {
          length: known.length + 1,
          bytes: known.bytes + bytes,
          lastSequence: Math.max(known.lastSequence, numberIn(sequence)),
        });
      });
      if (!isReadable) {
        this.findings.changes.push({ type: 'del', key: keyOf.delivery(clientId, numberIn(sequence)) });
      }
    }
  }

  async #checkUnusedBodies(): Promise<void> {
    for (const number of this.#bodies) {
      if (this.#references.has(number)) continue;
      const key = keyOf.body(number);
      this.findings.found(key, 'a message that no session waits for', { type: 'del', key });
    }
  }

  async #checkBodyCounts(): Promise<void> {
    const missing = new Map(this.#references);
    for await (const [key, value] of this.#database.entries(rangeOf('c'))) {
      const number = numberIn(partsOf(key)[0]);
      const right = this.#references.get(number) ?? 0;
      missing.delete(number);
      const said = readOr(() => numberCodec.read(value));
      if (said === right) continue;
      const problem = `${said ?? 'something that is no number'} sessions wait for the message, it says: it is ${right}`;
      if (right === 0) this.findings.found(key, problem, { type: 'del', key });
      else this.findings.found(key, problem, { type: 'put', key, value: numberCodec.write(right) });
    }
    for (const [number, right] of missing) {
      const key = keyOf.bodyCount(number);
      this.findings.found(key, 'nothing says how many sessions wait for the message', {
        type: 'put',
        key,
        value: numberCodec.write(right),
      });
    }
  }

  async #checkSummaries(): Promise<void> {
    const missing = new Map(this.#queues);
    for await (const [key, value] of this.#database.entries(rangeOf('n'))) {
      const [clientId = ''] = partsOf(key);
      if (!this.#belongs(key, clientId)) continue;
      missing.delete(clientId);
      const { length, bytes, lastSequence } = this.#queues.get(clientId) ?? emptySummary;
      const said = readOr(() => summaryCodec.read(value));
      // Numbers go on after the last entry was taken out.
      const isRight = said?.length === length && said.bytes === bytes && said.lastSequence >= lastSequence;
      if (isRight) continue;
      const problem =
        said === undefined
          ? 'the sums of the queue cannot be read'
          : `the queue has ${said.length} entries of ${said.bytes} bytes, it says: it has ${length} of ${bytes}`;
      const right = { length, bytes, lastSequence: Math.max(lastSequence, said?.lastSequence ?? 0) };
      this.findings.found(key, problem, { type: 'put', key, value: summaryCodec.write(right) });
    }
    for (const [clientId, right] of missing) {
      const key = keyOf.queueSummary(clientId);
      const value = summaryCodec.write(right);
      this.findings.found(key, 'nothing says how long the queue is', { type: 'put', key, value });
    }
  }

  async #checkDeliveries(): Promise<void> {
    await this.#checkOf('f', 'deliveries under way', (value) => deliveryCodec.read(value));
    for await (const key of this.#database.keys(rangeOf('f'))) {
      const [clientId = '', sequence] = partsOf(key);
      if (!this.#sessions.has(clientId)) continue;
      const entry = await this.#database.get(keyOf.queueEntry(clientId, numberIn(sequence)));
      if (entry !== undefined) continue;
      this.findings.found(key, 'the entry that is under way is not there', { type: 'del', key });
    }
  }

  async #checkRetained(): Promise<void> {
    for await (const [key, value] of this.#entries('r', 'retained messages')) {
      const [topic] = partsOf(key);
      this.#tryRead(key, value, () => {
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
      if (this.#belongs(key, parts[0] ?? '')) this.#tryRead(key, value, () => read(value, parts));
    }
  }

  async *#entries(space: Space, kind: RecordKind): AsyncGenerator<[string, Uint8Array]> {
    for await (const entry of this.#database.entries(rangeOf(space))) {
      this.findings.count(kind);
      yield entry;
    }
  }

  #belongs(key: string, clientId: string): boolean {
    if (this.#sessions.has(clientId)) return true;
    this.findings.found(key, 'the session it belongs to is not there', { type: 'del', key });
    return false;
  }

  #tryRead(key: string, value: Uint8Array, read: () => unknown): boolean {
    try {
      read();
      return true;
    } catch (error) {
      this.findings.damaged(key, value, error);
      return false;
    }
  }
}

function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
