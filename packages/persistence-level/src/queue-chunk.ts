import type { DeliveryState, Message, QueueEntry } from '@carillon/persistence';
import type { QoS } from '@carillon/protocol';
import { ChunkFacts } from './chunk-facts.ts';
import type { Copies } from './copies.ts';
import { checkPacketId } from './delivery-marks.ts';
import { readMessage, writeMessage } from './message-record.ts';
import { RecordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';

/*
 * A chunk: entries of one queue that came in one batch, in one record under the number of the first. One change of the
 * database costs more than all that is written of an entry, so there is one for many. Each entry is
 *
 *     gap       to the number of the entry before it
 *     facts     QoS (bits 0, 1) and the bits of `facts`
 *     subscription identifiers, share, packet identifier, each where its bit says so
 *     the message; or bundle, place in it, and bytes of topic and payload
 */

const facts = { retain: 4, identifiers: 8, share: 16, sent: 32, released: 64, inBundle: 128 } as const;

const qosLevels: readonly QoS[] = [0, 1, 2];
const none: readonly number[] = Object.freeze([]);

/** What a chunk holds at most, unless a single message is larger. Both bound what is read for one entry of it. */
export const chunkLimits = { entries: 256, bytes: 16_384 } as const;

/** Where a message lies that several sessions wait for. */
export interface BundlePlace {
  readonly bundle: number;
  readonly place: number;
}

/** A queue entry as stored: with its message, or with the place where that lies. */
export interface StoredEntry extends Omit<QueueEntry, 'message'> {
  readonly content: Message | BundlePlace;
  /** Of topic and payload, so that they can be counted without the message. */
  readonly bytes: number;
}

export function isInBundle(content: Message | BundlePlace): content is BundlePlace {
  return 'bundle' in content;
}

export class ChunkWriter {
  readonly first: number;
  readonly facts: ChunkFacts;
  readonly #writer = new RecordWriter(1024);
  #last: number;
  #before: Message | undefined = undefined;

  constructor(first: number) {
    this.first = first;
    this.facts = new ChunkFacts(first);
    this.#last = first;
  }

  get isFull(): boolean {
    return this.facts.sequences.length >= chunkLimits.entries || this.#writer.length >= chunkLimits.bytes;
  }

  /** `content` has the message of the entry, or tells where it lies. */
  add(entry: QueueEntry, content: Message | BundlePlace): void {
    const writer = this.#writer;
    const { subscriptionIdentifiers, share, state } = entry;
    const bytes = sizeOf(entry.message);
    const isShared = isInBundle(content);
    this.facts.add(entry.sequence, bytes, isShared ? content.bundle : 0);
    writer.whole(entry.sequence - this.#last);
    this.#last = entry.sequence;
    writer.byte(
      entry.qos |
        (entry.retain ? facts.retain : 0) |
        (subscriptionIdentifiers.length > 0 ? facts.identifiers : 0) |
        (share !== undefined ? facts.share : 0) |
        (state === 'sent' ? facts.sent : state === 'released' ? facts.released : 0) |
        (isShared ? facts.inBundle : 0),
    );
    if (subscriptionIdentifiers.length > 0) {
      writer.whole(subscriptionIdentifiers.length);
      for (const identifier of subscriptionIdentifiers) writer.whole(identifier);
    }
    if (share !== undefined) writer.text(share);
    if (state !== 'queued') writer.whole(entry.packetId);
    if (isShared) {
      writer.whole(content.bundle);
      writer.whole(content.place);
      writer.whole(bytes);
    } else {
      writeMessage(writer, content, this.#before);
      this.#before = content;
    }
  }

  record(): Uint8Array {
    return this.#writer.record();
  }
}

/** The entries of a chunk. Throws an `Error` that says what is wrong with the record. */
export function readChunk(first: number, record: Uint8Array, copies?: Copies): StoredEntry[] {
  const reader = new RecordReader(record, copies);
  const entries: StoredEntry[] = [];
  let sequence = first;
  let before: Message | undefined;
  while (!reader.isAtEnd) {
    const gap = reader.whole();
    if (gap === 0 && entries.length > 0) throw new Error('two entries of the chunk have one number');
    sequence += gap;
    const has = reader.byte();
    const qos = qosLevels[has & 3];
    if (qos === undefined) throw new Error(`the entry has QoS ${has & 3}`);
    const subscriptionIdentifiers = has & facts.identifiers ? readNumbers(reader) : none;
    const share = has & facts.share ? reader.text() : undefined;
    const state: DeliveryState = has & facts.released ? 'released' : has & facts.sent ? 'sent' : 'queued';
    const packetId = state === 'queued' ? 0 : reader.whole();
    if (state !== 'queued') checkPacketId(packetId);
    const retain = (has & facts.retain) !== 0;
    let content: Message | BundlePlace;
    let bytes: number;
    if (has & facts.inBundle) {
      content = { bundle: reader.whole(), place: reader.whole() };
      bytes = reader.whole();
    } else {
      before = readMessage(reader, before);
      content = before;
      bytes = sizeOf(before);
    }
    entries.push({
      sequence,
      qos,
      retain,
      subscriptionIdentifiers,
      share,
      packetId,
      state,
      content,
      bytes,
    });
  }
  if (entries.length === 0) throw new Error('the chunk is empty');
  return entries;
}

/** The facts of a chunk that was read. */
export function factsOf(first: number, entries: readonly StoredEntry[]): ChunkFacts {
  const facts = new ChunkFacts(first);
  for (const { sequence, bytes, content } of entries) {
    facts.add(sequence, bytes, isInBundle(content) ? content.bundle : 0);
  }
  return facts;
}

/** What a message counts for in the sums of a queue. */
export function sizeOf({ topic, payload }: Message): number {
  return topic.length + payload.length;
}

function readNumbers(reader: RecordReader): number[] {
  const numbers: number[] = [];
  for (let left = reader.whole(); left > 0; left--) numbers.push(reader.whole());
  return numbers;
}
