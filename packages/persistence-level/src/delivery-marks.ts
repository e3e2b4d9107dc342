import type { DeliveryState } from '@carillon/persistence';
import { RecordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';

/**
 * How far the delivery of a chunk's entries has come since the chunk was written, by sequence number: `gone`, or the
 * packet identifier and whether its PUBREC came, as one number.
 */
export type Marks = Map<number, Mark>;
export type Mark = number;

/** @throws Error when no packet can have it. */
export function checkPacketId(packetId: number): void {
  if (packetId < 1 || packetId > 0xffff) throw new Error(`${packetId} is no packet identifier`);
}

/** The entry was delivered, dropped or has expired; the chunk stays for the sake of others. */
export const gone: Mark = 0;

export function markOf(packetId: number, state: 'sent' | 'released'): Mark {
  return 1 + packetId * 2 + (state === 'released' ? 1 : 0);
}

export function deliveryIn(mark: Mark): { packetId: number; state: DeliveryState } {
  return { packetId: (mark - 1) >> 1, state: (mark - 1) % 2 === 1 ? 'released' : 'sent' };
}

/** The record of a chunk's marks: `before` are older ones, which count where there is no other. */
export function writeMarks(first: number, marks: Marks, before?: Marks): Uint8Array {
  const writer = new RecordWriter(5 * (marks.size + (before?.size ?? 0)));
  for (const [sequence, mark] of marks) {
    writer.whole(sequence - first);
    writer.whole(mark);
  }
  if (before === undefined) return writer.record();
  for (const [sequence, mark] of before) {
    if (marks.has(sequence)) continue;
    writer.whole(sequence - first);
    writer.whole(mark);
  }
  return writer.record();
}

/** Throws an `Error` that says what is wrong with the record. */
export function readMarks(first: number, record: Uint8Array): Marks {
  const reader = new RecordReader(record);
  const marks: Marks = new Map();
  while (!reader.isAtEnd) {
    const sequence = first + reader.whole();
    const mark = reader.whole();
    if (mark !== gone) checkPacketId(deliveryIn(mark).packetId);
    marks.set(sequence, mark);
  }
  return marks;
}
