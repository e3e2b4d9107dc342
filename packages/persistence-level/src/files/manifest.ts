import { FileCursor } from './file-cursor.ts';

/** Which files make up the database, as its manifest says. */
export interface Manifest {
  /** The sizes of the tables, by their numbers. */
  readonly tables: ReadonlyMap<number, number>;
  /** The number of the oldest log whose contents are not in tables yet; 0 for none in particular. */
  readonly log: number;
}

const tags = {
  comparator: 1,
  log: 2,
  nextFile: 3,
  lastSequence: 4,
  compactPointer: 5,
  removedTable: 6,
  addedTable: 7,
  previousLog: 9,
} as const;

/**
 * Reads a manifest: each of its records says which tables came and went.
 *
 * @throws {Error} when a record is none.
 */
export function readManifest(records: readonly Buffer[]): Manifest {
  const tables = new Map<number, number>();
  let log = 0;
  for (const record of records) {
    const removed: number[] = [];
    const added: [number: number, size: number][] = [];
    const cursor = new FileCursor(record);
    while (!cursor.isAtEnd) {
      const tag = cursor.varint();
      switch (tag) {
        case tags.comparator:
          cursor.field();
          break;
        case tags.log:
          log = cursor.varint();
          break;
        case tags.nextFile:
        case tags.lastSequence:
        case tags.previousLog:
          cursor.varint();
          break;
        case tags.compactPointer:
          cursor.varint();
          cursor.field();
          break;
        case tags.removedTable:
          cursor.varint();
          removed.push(cursor.varint());
          break;
        case tags.addedTable: {
          cursor.varint();
          added.push([cursor.varint(), cursor.varint()]);
          cursor.field();
          cursor.field();
          break;
        }
        default:
          throw new Error(`it has a record of the unknown kind ${tag}`);
      }
    }
    // A table that only moves to another level goes and comes in one record.
    for (const number of removed) tables.delete(number);
    for (const [number, size] of added) tables.set(number, size);
  }
  return { tables, log };
}
