import type { QueueEntry, QueueSummary } from '@carillon/persistence';
import type { BundlePlan } from './bundle-plan.ts';
import type { Changes } from './changes.ts';
import type { ChunkFacts } from './chunk-facts.ts';
import { deliveryIn, gone, type Mark, type Marks, markOf, writeMarks } from './delivery-marks.ts';
import type { Gathered } from './gather.ts';
import { keyOf } from './keys.ts';
import { ChunkWriter, sizeOf } from './queue-chunk.ts';
import { emptySummary, QueueIndex } from './queue-index.ts';
import type { StoreIndex } from './store-index.ts';
import { summaryCodec } from './values.ts';

type Entries = Map<number, QueueEntry>;

interface MarkedChunk {
  readonly chunk: ChunkFacts;
  readonly marks: Marks;
}

/**
 * What one batch does to one session's queue. New entries are gathered until the end of the batch and then written
 * in chunks; of those on the disk only marks change, and a chunk goes when all of its entries are gone.
 */
export class QueuePlan {
  readonly #clientId: string;
  /** Tells the sessions of a batch apart. */
  readonly #number: number;
  /** What the index has of it; undefined when the session is new. */
  readonly known: QueueIndex | undefined;
  readonly #gathered: Gathered;
  readonly #bundles: BundlePlan;
  /** Entries above this number are nowhere but in `#appended`. */
  readonly #lastStored: number;
  readonly #appended: Entries = new Map();
  #isInOrder = true;
  /** What changes in chunks that stay as they are, by their first number. */
  readonly #marked = new Map<number, MarkedChunk>();
  /** Chunks in which an entry is replaced are written anew, by their first number. */
  readonly #rewritten = new Map<number, Entries>();
  #length: number;
  #bytes: number;
  #lastSequence: number;
  #uncounted: number | undefined;
  #written: ChunkFacts[] = [];
  #finished: ChunkFacts[] = [];

  constructor(
    clientId: string,
    number: number,
    known: QueueIndex | undefined,
    gathered: Gathered,
    bundles: BundlePlan,
  ) {
    this.#clientId = clientId;
    this.#number = number;
    this.known = known;
    this.#gathered = gathered;
    this.#bundles = bundles;
    const { length, bytes, lastSequence } = known?.summary ?? emptySummary;
    this.#length = length;
    this.#bytes = bytes;
    this.#lastSequence = lastSequence;
    this.#lastStored = lastSequence;
    this.#uncounted = known?.uncounted;
  }

  enqueue(entry: QueueEntry): void {
    const { sequence } = entry;
    const isNew = sequence > this.#lastStored;
    const entries = isNew ? this.#appended : this.#rewriting(sequence);
    const replaced = entries.get(sequence);
    entries.set(sequence, entry);
    if (replaced === undefined) this.#length++;
    else this.#bytes -= sizeOf(replaced.message);
    this.#bytes += sizeOf(entry.message);
    if (sequence > this.#lastSequence) this.#lastSequence = sequence;
    else if (isNew && replaced === undefined) this.#isInOrder = false;
  }

  dequeue(sequence: number): void {
    const entries = this.#entriesWith(sequence);
    const entry = entries?.get(sequence);
    if (entry !== undefined) {
      entries?.delete(sequence);
      this.#length--;
      this.#bytes -= sizeOf(entry.message);
      return;
    }
    const chunk = this.#markable(sequence);
    if (chunk === undefined) return;
    this.#mark(chunk, sequence, gone);
    const place = chunk.placeOf(sequence);
    this.#length--;
    this.#bytes -= chunk.bytesAt(place);
    this.#bundles.release(chunk.bundleAt(place));
  }

  markSent(sequence: number, packetId: number, state: 'sent' | 'released'): void {
    const entries = this.#entriesWith(sequence);
    const entry = entries?.get(sequence);
    if (entry !== undefined) {
      entries?.set(sequence, { ...entry, packetId, state });
      return;
    }
    const chunk = this.#markable(sequence);
    if (chunk !== undefined) this.#mark(chunk, sequence, markOf(packetId, state));
  }

  /** The session is deleted: what its queue refers to is so no longer. */
  releaseAll(chunks: readonly ChunkFacts[]): void {
    for (const chunk of chunks) if (!this.#rewritten.has(chunk.first)) this.#release(chunk);
  }

  /** Tells the bundles which messages will be stored. */
  noteMessages(): void {
    for (const entry of this.#appended.values()) this.#bundles.note(entry.message, this.#number);
    for (const entries of this.#rewritten.values()) {
      for (const entry of entries.values()) this.#bundles.note(entry.message, this.#number);
    }
  }

  write(changes: Changes): void {
    for (const [first, entries] of this.#rewritten) {
      changes.remove(keyOf.chunk(this.#clientId, first));
      changes.remove(keyOf.marks(this.#clientId, first));
      this.#writeChunks(inOrder(entries), changes);
    }
    this.#writeChunks(this.#isInOrder ? this.#appended.values() : inOrder(this.#appended), changes);
    for (const { chunk, marks } of this.#marked.values()) this.#writeMarks(chunk, marks, changes);
    this.#writeSummary(changes);
  }

  /** The database has the batch: the index follows. */
  settle(index: StoreIndex): void {
    const queue = this.known ?? new QueueIndex();
    queue.summary = this.#summary;
    queue.hasSession = true;
    queue.uncounted = this.#uncounted;
    if (this.known === undefined) index.queues.set(this.#clientId, queue);
    for (const [first, { marks }] of this.#marked) {
      const known = queue.marks.get(first);
      if (known === undefined) queue.setMarks(first, marks);
      else for (const [sequence, mark] of marks) known.set(sequence, mark);
    }
    for (const chunk of this.#finished) queue.forget(chunk.first);
    for (const first of this.#rewritten.keys()) queue.removeMarks(first);
    for (const chunk of this.#written) index.remember(queue, chunk);
  }

  /** The sums can wait while nothing happens but that entries come: who loads the store counts the last ones. */
  #writeSummary(changes: Changes): void {
    const added = this.#appended.size;
    const isOpen = added > 0 && this.#marked.size === 0 && this.#rewritten.size === 0;
    if (isOpen && this.known?.canLeaveUncounted(added) === true) {
      this.#uncounted = (this.known.uncounted ?? 0) + added;
      return;
    }
    // Of a new session the sums are none, which needs no record: most queues are never used.
    if (isSame(this.known?.summary ?? emptySummary, this.#summary)) {
      if (this.known === undefined) this.#uncounted = 0;
      return;
    }
    this.#uncounted = isOpen ? 0 : undefined;
    changes.put(keyOf.queueSummary(this.#clientId), summaryCodec.write({ ...this.#summary, isOpen }));
  }

  get #summary(): QueueSummary {
    return { length: this.#length, bytes: this.#bytes, lastSequence: this.#lastSequence };
  }

  #entriesWith(sequence: number): Entries | undefined {
    if (sequence > this.#lastStored) return this.#appended;
    for (const entries of this.#rewritten.values()) if (entries.has(sequence)) return entries;
    return undefined;
  }

  /** The stored chunk with the entry, if that is there. */
  #markable(sequence: number): ChunkFacts | undefined {
    if (sequence > this.#lastStored) return undefined;
    const chunk = this.#chunkWith(sequence);
    if (chunk === undefined || this.#rewritten.has(chunk.first) || chunk.placeOf(sequence) === -1) {
      return undefined;
    }
    return this.#markOn(chunk, sequence) === gone ? undefined : chunk;
  }

  #chunkWith(sequence: number): ChunkFacts | undefined {
    const known = this.known?.chunkBefore(sequence);
    if (known !== undefined && sequence <= known.last) return known;
    return this.#gathered.chunkWith(this.#clientId, sequence);
  }

  #markOn({ first }: ChunkFacts, sequence: number): Mark | undefined {
    return this.#marked.get(first)?.marks.get(sequence) ?? this.known?.marks.get(first)?.get(sequence);
  }

  #mark(chunk: ChunkFacts, sequence: number, mark: Mark): void {
    const marked = this.#marked.get(chunk.first);
    if (marked !== undefined) marked.marks.set(sequence, mark);
    else this.#marked.set(chunk.first, { chunk, marks: new Map([[sequence, mark]]) });
  }

  /** The entries of the chunk in which one is replaced: those that are left, as far as they have come. */
  #rewriting(sequence: number): Entries {
    for (const [first, entries] of this.#rewritten) {
      if (first === sequence || entries.has(sequence)) return entries;
    }
    const chunk = this.#chunkWith(sequence);
    const begun = chunk && this.#rewritten.get(chunk.first);
    if (begun !== undefined) return begun;
    const entries: Entries = new Map();
    if (chunk === undefined) {
      this.#rewritten.set(sequence, entries);
      return entries;
    }
    this.#rewritten.set(chunk.first, entries);
    for (const entry of this.#gathered.contents.get(this.#clientId)?.get(chunk.first) ?? []) {
      const mark = this.#markOn(chunk, entry.sequence);
      if (mark === gone) continue;
      entries.set(entry.sequence, mark === undefined ? entry : { ...entry, ...deliveryIn(mark) });
    }
    this.#release(chunk);
    this.#marked.delete(chunk.first);
    this.#finished.push(chunk);
    return entries;
  }

  #release(chunk: ChunkFacts): void {
    for (const [place, sequence] of chunk.sequences.entries()) {
      if (this.#markOn(chunk, sequence) !== gone) this.#bundles.release(chunk.bundleAt(place));
    }
  }

  #writeChunks(entries: Iterable<QueueEntry>, changes: Changes): void {
    let writer: ChunkWriter | undefined;
    for (const entry of entries) {
      if (writer?.isFull === true) this.#endChunk(writer, changes);
      if (writer === undefined || writer.isFull) writer = new ChunkWriter(entry.sequence);
      writer.add(entry, this.#bundles.contentFor(entry.message));
    }
    if (writer !== undefined) this.#endChunk(writer, changes);
  }

  #endChunk(writer: ChunkWriter, changes: Changes): void {
    changes.put(keyOf.chunk(this.#clientId, writer.first), writer.record());
    this.#written.push(writer.facts);
  }

  #writeMarks(chunk: ChunkFacts, added: Marks, changes: Changes): void {
    const { first } = chunk;
    const known = this.known?.marks.get(first);
    let left = chunk.sequences.length;
    for (const mark of added.values()) if (mark === gone) left--;
    // What is gone stays so: none of these is among those that were added.
    for (const mark of known?.values() ?? []) if (mark === gone) left--;
    if (left > 0) {
      changes.put(keyOf.marks(this.#clientId, first), writeMarks(first, added, known));
      return;
    }
    this.#finished.push(chunk);
    changes.remove(keyOf.chunk(this.#clientId, first));
    if (known !== undefined) changes.remove(keyOf.marks(this.#clientId, first));
  }
}

function isSame(a: QueueSummary, b: QueueSummary): boolean {
  return a.length === b.length && a.bytes === b.bytes && a.lastSequence === b.lastSequence;
}

function inOrder(entries: Entries): QueueEntry[] {
  return [...entries.values()].sort((a, b) => a.sequence - b.sequence);
}
