import { asError } from '@carillon/hooks/checks';
import type { QueueEntry, StoreOperation } from '@carillon/persistence';
import type { ChunkFacts } from './chunk-facts.ts';
import { countReferences } from './count-references.ts';
import type { Database } from './database.ts';
import { keyOf, rangeOf, sessionRecords, sessionSpaces } from './keys.ts';
import { factsOf } from './queue-chunk.ts';
import type { SetAside } from './set-aside.ts';
import type { StoreIndex } from './store-index.ts';
import { bundlesOf, messageOf } from './stored-bundles.ts';
import { chunkBefore, chunksFrom, entriesOf } from './stored-chunks.ts';
import { numberCodec } from './values.ts';

/** What a session that is to be deleted has on the disk. */
export interface WholeSession {
  readonly keys: readonly string[];
  readonly chunks: readonly ChunkFacts[];
}

/** What a batch needs to know from the disk because the index does not have it. */
export class Gathered {
  /** By client id: chunks in which entries are changed. */
  readonly chunks = new Map<string, ChunkFacts[]>();
  /** By client id and the first number of the chunk: all entries, for chunks in which one is replaced. */
  readonly contents = new Map<string, Map<number, QueueEntry[]>>();
  readonly sessions = new Map<string, WholeSession>();
  readonly bundleCounts = new Map<number, number>();

  chunkWith(clientId: string, sequence: number): ChunkFacts | undefined {
    return this.chunks.get(clientId)?.find(({ first, last }) => first <= sequence && sequence <= last);
  }
}

/** Reads what the batch needs; usually there is nothing to read. */
export async function gather(
  database: Database,
  index: StoreIndex,
  operations: readonly StoreOperation[],
  setAside: SetAside,
): Promise<Gathered> {
  const gathered = new Gathered();
  const bundles = new Set<number>();
  for (const operation of operations) {
    switch (operation.do) {
      case 'putSession':
        // What a session that could not be read has left is not the new one's.
        if (index.queues.get(operation.session.clientId)?.hasSession === false) {
          await readSession(database, operation.session.clientId, gathered);
        }
        break;
      case 'deleteSession':
        if (index.queues.has(operation.clientId)) await readSession(database, operation.clientId, gathered);
        break;
      case 'enqueue': {
        const { clientId, entry } = operation;
        const queue = index.queues.get(clientId);
        // Nearly always it is a new one.
        if (queue === undefined || entry.sequence > queue.summary.lastSequence) break;
        await readContents(database, clientId, entry.sequence, gathered);
        break;
      }
      case 'dequeue':
      case 'markSent':
        if (!isKnown(index, operation, bundles)) {
          await readFacts(database, operation.clientId, operation.sequence, gathered);
        }
        break;
    }
  }
  for (const chunks of gathered.chunks.values()) noteBundles(chunks, bundles);
  for (const { chunks } of gathered.sessions.values()) noteBundles(chunks, bundles);
  await readCounts(database, index, bundles, gathered, setAside);
  return gathered;
}

/**
 * Whether the index has what an entry's change needs; notes its bundle. Nearly always the chunk of the entry is
 * remembered, and nothing is awaited: there are two such changes for each message that leaves.
 */
function isKnown(
  index: StoreIndex,
  { clientId, sequence }: { readonly clientId: string; readonly sequence: number },
  bundles: Set<number>,
): boolean {
  const queue = index.queues.get(clientId);
  if (queue === undefined || sequence > queue.summary.lastSequence) return true;
  const chunk = queue.chunkBefore(sequence);
  if (chunk === undefined || sequence > chunk.last) return false;
  const bundle = chunk.bundleAt(chunk.placeOf(sequence));
  if (bundle !== 0) bundles.add(bundle);
  return true;
}

async function readFacts(
  database: Database,
  clientId: string,
  sequence: number,
  gathered: Gathered,
): Promise<void> {
  if (gathered.chunkWith(clientId, sequence) !== undefined) return;
  const stored = await chunkBefore(database, clientId, sequence);
  if (stored === undefined) return;
  const facts = factsOf(stored.first, entriesOf(stored));
  if (facts.sequences.length === 0 || facts.last < sequence) return;
  const known = gathered.chunks.get(clientId);
  if (known === undefined) gathered.chunks.set(clientId, [facts]);
  else known.push(facts);
}

async function readContents(
  database: Database,
  clientId: string,
  sequence: number,
  gathered: Gathered,
): Promise<void> {
  await readFacts(database, clientId, sequence, gathered);
  const facts = gathered.chunkWith(clientId, sequence);
  if (facts === undefined) return;
  const known = gathered.contents.get(clientId) ?? new Map<number, QueueEntry[]>();
  gathered.contents.set(clientId, known);
  if (known.has(facts.first)) return;
  const stored = await chunkBefore(database, clientId, sequence);
  const entries = stored === undefined ? [] : entriesOf(stored);
  const bundles = await bundlesOf(database, entries, async () => {});
  known.set(
    facts.first,
    entries.flatMap((entry) => {
      const message = messageOf(entry, bundles);
      const { content: _, bytes: __, ...rest } = entry;
      return message === undefined ? [] : [{ ...rest, message }];
    }),
  );
}

/** Every key of the session, and what its queue refers to. */
async function readSession(database: Database, clientId: string, { sessions }: Gathered): Promise<void> {
  if (sessions.has(clientId)) return;
  const keys: string[] = sessionRecords.map((space) => `${space}\0${clientId}`);
  const chunks: ChunkFacts[] = [];
  for (const space of sessionSpaces) {
    if (space === 'q') continue;
    for await (const key of database.keys(rangeOf(space, clientId))) keys.push(key);
  }
  for await (const list of chunksFrom(database, clientId, 0)) {
    for (const stored of list) {
      keys.push(stored.key);
      chunks.push(factsOf(stored.first, entriesOf(stored)));
    }
  }
  sessions.set(clientId, { keys, chunks });
}

function noteBundles(chunks: readonly ChunkFacts[], bundles: Set<number>): void {
  for (const chunk of chunks) {
    for (let place = 0; place < chunk.sequences.length; place++) {
      const bundle = chunk.bundleAt(place);
      if (bundle !== 0) bundles.add(bundle);
    }
  }
}

async function readCounts(
  database: Database,
  index: StoreIndex,
  bundles: ReadonlySet<number>,
  { bundleCounts }: Gathered,
  setAside: SetAside,
): Promise<void> {
  const unknown = [...bundles].filter((number) => index.bundleCounts.get(number) === undefined);
  if (unknown.length === 0) return;
  const keys = unknown.map(keyOf.bundleCount);
  const values = await database.getMany(keys);
  const uncounted = new Set<number>();
  for (const [i, number] of unknown.entries()) {
    const value = values[i];
    try {
      if (value === undefined) uncounted.add(number);
      else bundleCounts.set(number, numberCodec.read(value));
    } catch (error) {
      await setAside({ key: keys[i] ?? '', value: value ?? new Uint8Array(), error: asError(error) });
      uncounted.add(number);
    }
  }
  if (uncounted.size > 0) await countReferences(database, index, uncounted, bundleCounts);
}
