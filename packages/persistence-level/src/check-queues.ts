import type { QueueSummary } from '@carillon/persistence';
import { readBundle } from './bundle.ts';
import type { Database } from './database.ts';
import { gone, type Marks, readMarks, writeMarks } from './delivery-marks.ts';
import { keyOf, numberIn, partsOf, rangeOf } from './keys.ts';
import { isInBundle, readChunk, type StoredEntry } from './queue-chunk.ts';
import { emptySummary } from './queue-index.ts';
import type { Findings } from './store-report.ts';
import { numberCodec, type StoredSummary, summaryCodec } from './values.ts';

/** What a queue without sums has: all of its entries came after them. */
const noSums: StoredSummary = { ...emptySummary, isOpen: true };

/** Checks the queues of a store: chunks, marks, bundles and their counts, and the sums of each queue. */
export class QueueCheck {
  readonly #database: Database;
  readonly #findings: Findings;
  readonly #sessions: ReadonlySet<string>;
  /** What the stored sums say, and what they should say: entries that they need not count are left out. */
  readonly #said = new Map<string, StoredSummary | undefined>();
  readonly #summaries = new Map<string, QueueSummary>();
  /** By key: what has not been met with its chunk yet. */
  readonly #marks = new Map<string, Marks>();
  /** How many messages are in each bundle. */
  readonly #bundles = new Map<number, number>();
  /** How many entries refer to each bundle. */
  readonly #references = new Map<number, number>();

  constructor(database: Database, findings: Findings, sessions: ReadonlySet<string>) {
    this.#database = database;
    this.#findings = findings;
    this.#sessions = sessions;
  }

  async run(): Promise<void> {
    await this.#readSummaries();
    await this.#readBundles();
    await this.#readMarks();
    await this.#checkChunks();
    this.#checkMarksWithoutChunk();
    this.#checkUnusedBundles();
    await this.#checkBundleCounts();
    this.#checkSummaries();
  }

  async #readBundles(): Promise<void> {
    for await (const [key, value] of this.#database.entries(rangeOf('b'))) {
      this.#findings.tryRead(key, value, () => {
        const { length } = readBundle(value);
        this.#bundles.set(numberIn(partsOf(key)[0]), length);
        this.#findings.count('shared messages', length);
      });
    }
  }

  async #readMarks(): Promise<void> {
    for await (const [key, value] of this.#database.entries(rangeOf('f'))) {
      const [clientId = '', first] = partsOf(key);
      if (!this.#findings.belongs(key, this.#sessions.has(clientId))) continue;
      this.#findings.tryRead(key, value, () => this.#marks.set(key, readMarks(numberIn(first), value)));
    }
  }

  async #checkChunks(): Promise<void> {
    for await (const [key, value] of this.#database.entries(rangeOf('q'))) {
      const [clientId = '', first] = partsOf(key);
      if (!this.#findings.belongs(key, this.#sessions.has(clientId))) continue;
      this.#findings.tryRead(key, value, () =>
        this.#checkChunk(key, clientId, numberIn(first), readChunk(numberIn(first), value)),
      );
    }
  }

  #checkChunk(key: string, clientId: string, first: number, entries: readonly StoredEntry[]): void {
    const marksKey = keyOf.marks(clientId, first);
    const marks: Marks = this.#marks.get(marksKey) ?? new Map();
    this.#marks.delete(marksKey);
    const waiting = entries.filter(({ sequence }) => marks.get(sequence) !== gone);
    const whole = waiting.filter((entry) => this.#hasMessage(entry));
    if (whole.length === 0) {
      const problem =
        waiting.length === 0 ? 'nothing in it waits' : 'the messages it refers to are not there';
      this.#findings.found(key, problem, { type: 'del', key }, { type: 'del', key: marksKey });
    } else if (whole.length < waiting.length) {
      const lost = waiting.filter((entry) => !this.#hasMessage(entry));
      const right = new Map([...marks, ...lost.map(({ sequence }) => [sequence, gone] as const)]);
      const repair = { type: 'put', key: marksKey, value: writeMarks(first, right) } as const;
      this.#findings.found(key, `${lost.length} of the messages it refers to are not there`, repair);
    }
    for (const entry of whole) this.#countEntry(clientId, entry, marks);
  }

  #hasMessage({ content }: StoredEntry): boolean {
    return !isInBundle(content) || content.place < (this.#bundles.get(content.bundle) ?? 0);
  }

  #countEntry(clientId: string, { sequence, state, content, bytes }: StoredEntry, marks: Marks): void {
    this.#findings.count('queue entries');
    if (state !== 'queued' || marks.has(sequence)) this.#findings.count('deliveries under way');
    if (isInBundle(content)) {
      this.#references.set(content.bundle, (this.#references.get(content.bundle) ?? 0) + 1);
    }
    const said = this.#said.has(clientId) ? this.#said.get(clientId) : noSums;
    if (said?.isOpen === true && sequence > said.lastSequence) return;
    const known = this.#summaries.get(clientId) ?? emptySummary;
    this.#summaries.set(clientId, {
      length: known.length + 1,
      bytes: known.bytes + bytes,
      lastSequence: Math.max(known.lastSequence, sequence),
    });
  }

  #checkMarksWithoutChunk(): void {
    for (const key of this.#marks.keys()) {
      this.#findings.found(key, 'the entries that are under way are not there', { type: 'del', key });
    }
  }

  #checkUnusedBundles(): void {
    for (const number of this.#bundles.keys()) {
      if (this.#references.has(number)) continue;
      const key = keyOf.bundle(number);
      this.#findings.found(key, 'messages that no session waits for', { type: 'del', key });
    }
  }

  async #checkBundleCounts(): Promise<void> {
    const missing = new Map(this.#references);
    for await (const [key, value] of this.#database.entries(rangeOf('c'))) {
      const number = numberIn(partsOf(key)[0]);
      const right = this.#references.get(number) ?? 0;
      missing.delete(number);
      const said = readOr(() => numberCodec.read(value));
      if (said === right) continue;
      const problem = `${said ?? 'something that is no number of'} entries refer to the bundle, it says: it is ${right}`;
      if (right === 0) this.#findings.found(key, problem, { type: 'del', key });
      else this.#findings.found(key, problem, { type: 'put', key, value: numberCodec.write(right) });
    }
    for (const [number, right] of missing) {
      const key = keyOf.bundleCount(number);
      const repair = { type: 'put', key, value: numberCodec.write(right) } as const;
      this.#findings.found(key, 'nothing says how many entries refer to the bundle', repair);
    }
  }

  async #readSummaries(): Promise<void> {
    for await (const [key, value] of this.#database.entries(rangeOf('n'))) {
      const [clientId = ''] = partsOf(key);
      if (!this.#findings.belongs(key, this.#sessions.has(clientId))) continue;
      this.#said.set(
        clientId,
        readOr(() => summaryCodec.read(value)),
      );
    }
  }

  #checkSummaries(): void {
    for (const [clientId, said] of this.#said) {
      const { length, bytes, lastSequence } = this.#summaries.get(clientId) ?? emptySummary;
      // Numbers go on after the last entry was taken out.
      const isRight = said?.length === length && said.bytes === bytes && said.lastSequence >= lastSequence;
      if (isRight) continue;
      const problem =
        said === undefined
          ? 'the sums of the queue cannot be read'
          : `the queue has ${said.length} entries of ${said.bytes} bytes, it says: it has ${length} of ${bytes}`;
      const last = Math.max(lastSequence, said?.lastSequence ?? 0);
      this.#foundSummary(clientId, problem, {
        length,
        bytes,
        lastSequence: last,
        isOpen: said?.isOpen ?? false,
      });
    }
  }

  #foundSummary(clientId: string, problem: string, right: StoredSummary): void {
    const key = keyOf.queueSummary(clientId);
    this.#findings.found(key, problem, { type: 'put', key, value: summaryCodec.write(right) });
  }
}

function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
