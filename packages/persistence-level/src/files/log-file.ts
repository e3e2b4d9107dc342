import { storedChecksum } from './crc32c.ts';

/*
 * A log of LevelDB, which the manifest is too: blocks of 32 KiB, in them pieces of records.
 *
 *     checksum (4 bytes) │ length (2) │ kind (1) │ …
 *
 * A record that does not fit into its block goes on in the next one: first, middle, last.
 */

const blockSize = 32_768;
const headerSize = 7;
const kinds = { whole: 1, first: 2, middle: 3, last: 4 } as const;

/** Bytes of a file that are not what was written. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
  readonly problem: string;
}

/** What could be read of a log. */
export interface LogContents {
  readonly records: readonly Buffer[];
  readonly damage: readonly Stretch[];
  /** Bytes at its end that are part of a record which was not finished, as a crash leaves them. */
  readonly torn: number;
}

interface Piece {
  readonly kind: number;
  readonly content: Buffer;
  readonly offset: number;
  readonly end: number;
}

/** Reads a log as LevelDB does, but says what LevelDB passes over. */
export function readLog(bytes: Buffer): LogContents {
  const damage: Stretch[] = [];
  const records: Buffer[] = [];
  let open: Piece[] = [];
  /** Where the last whole record ended. */
  let end = 0;
  let isTorn = false;
  const dropOpen = (problem: string): void => {
    const [first] = open;
    if (first !== undefined) damage.push({ offset: first.offset, length: end - first.offset, problem });
    open = [];
  };
  for (const piece of piecesOf(bytes)) {
    if ('problem' in piece) {
      isTorn = piece.problem === undefined;
      if (piece.problem === undefined) break;
      dropOpen('its end is damaged');
      damage.push({ ...piece, problem: piece.problem });
      end = piece.offset + piece.length;
      continue;
    }
    const { kind } = piece;
    const goesOn = kind === kinds.middle || kind === kinds.last;
    if (!goesOn) dropOpen('its end is not there');
    end = piece.end;
    if (goesOn && open.length === 0) {
      damage.push({
        offset: piece.offset,
        length: end - piece.offset,
        problem: 'its beginning is not there',
      });
      continue;
    }
    open.push(piece);
    if (kind === kinds.first || kind === kinds.middle) continue;
    records.push(open.length === 1 ? piece.content : Buffer.concat(open.map(({ content }) => content)));
    open = [];
  }
  const whole = open[0]?.offset ?? end;
  return { records, damage: joined(damage), torn: isTorn || open.length > 0 ? bytes.length - whole : 0 };
}

/** The log that has these records, and nothing else. */
export function writeLog(records: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [];
  let room = blockSize;
  for (const record of records) {
    let rest = record;
    for (let isFirst = true; isFirst || rest.length > 0; isFirst = false) {
      if (room < headerSize) {
        parts.push(Buffer.alloc(room));
        room = blockSize;
      }
      const content = rest.subarray(0, room - headerSize);
      rest = rest.subarray(content.length);
      const isLast = rest.length === 0;
      const kind = isFirst ? (isLast ? kinds.whole : kinds.first) : isLast ? kinds.last : kinds.middle;
      parts.push(pieceOf(kind, content));
      room -= headerSize + content.length;
      if (isLast) break;
    }
  }
  return Buffer.concat(parts);
}

function pieceOf(kind: number, content: Buffer): Buffer {
  const piece = Buffer.alloc(headerSize + content.length);
  piece.writeUInt16LE(content.length, 4);
  piece[6] = kind;
  content.copy(piece, headerSize);
  piece.writeUInt32LE(storedChecksum(piece.subarray(6)), 0);
  return piece;
}

/** Bytes in which there is no piece; without a problem where the log was cut off. */
interface NoPiece extends Omit<Stretch, 'problem'> {
  readonly problem: string | undefined;
}

/** The pieces in order, and what lies between them. */
function* piecesOf(bytes: Buffer): Generator<Piece | NoPiece> {
  for (let block = 0; block < bytes.length; block += blockSize) {
    const blockEnd = Math.min(block + blockSize, bytes.length);
    for (let at = block; at < blockEnd; ) {
      const next = pieceAt(bytes, at, blockEnd, blockEnd - block < blockSize);
      if (next === undefined) break;
      yield next;
      if ('problem' in next && next.problem === undefined) return;
      at = 'end' in next ? next.end : next.offset + next.length;
    }
  }
}

/** What stands there; undefined for the end of a block, which has no room for another piece. */
function pieceAt(bytes: Buffer, at: number, blockEnd: number, isCut: boolean): Piece | NoPiece | undefined {
  const rest = { offset: at, length: blockEnd - at };
  if (blockEnd - at < headerSize) return isCut ? { ...rest, problem: undefined } : undefined;
  const end = at + headerSize + bytes.readUInt16LE(at + 4);
  if (blockEnd === bytes.length && isBlank(bytes.subarray(at))) return { ...rest, problem: undefined };
  if (end > blockEnd) return { ...rest, problem: isCut ? undefined : 'a length in it cannot be' };
  if (bytes.readUInt32LE(at) !== storedChecksum(bytes.subarray(at + 6, end))) {
    return { ...rest, problem: 'its checksum is another one' };
  }
  const kind = bytes[at + 6] ?? 0;
  if (kind < kinds.whole || kind > kinds.last) {
    return { offset: at, length: end - at, problem: `there is no kind ${kind} of record` };
  }
  return { kind, content: bytes.subarray(at + headerSize, end), offset: at, end };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Stretches that touch become one, with the problem that was met first. */
function joined(damage: readonly Stretch[]): Stretch[] {
  const list: Stretch[] = [];
  for (const stretch of [...damage].sort((a, b) => a.offset - b.offset)) {
    const before = list.at(-1);
    if (before === undefined || before.offset + before.length < stretch.offset) list.push(stretch);
    else {
      const end = Math.max(before.offset + before.length, stretch.offset + stretch.length);
      list[list.length - 1] = { ...before, length: end - before.offset };
    }
  }
  return list;
}
