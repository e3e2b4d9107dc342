import { FileCursor } from './file-cursor.ts';

/** LevelDB's blocks are far smaller: who claims more is damaged. */
const longest = 64 * 1024 * 1024;

/**
 * Undoes Snappy's compression: literals, and copies of what came before.
 *
 * @throws {Error} when the bytes are none of Snappy's.
 */
export function uncompress(bytes: Buffer): Buffer {
  const cursor = new FileCursor(bytes);
  const length = cursor.varint();
  if (length > longest) throw new Error('it claims to be far larger than a block');
  const output = Buffer.alloc(length);
  let end = 0;
  while (!cursor.isAtEnd) {
    const tag = cursor.byte();
    if ((tag & 3) === 0) {
      const literal = cursor.take(literalLength(tag, cursor));
      if (end + literal.length > length) throw new Error('it is longer than it claims to be');
      literal.copy(output, end);
      end += literal.length;
      continue;
    }
    const { offset, count } = copyOf(tag, cursor);
    if (offset === 0 || offset > end || end + count > length)
      throw new Error('it refers to what is not there');
    // Byte by byte: a copy may reach into itself.
    for (let i = 0; i < count; i++, end++) output[end] = output[end - offset] ?? 0;
  }
  if (end !== length) throw new Error('it is shorter than it claims to be');
  return output;
}

function literalLength(tag: number, cursor: FileCursor): number {
  const short = tag >> 2;
  if (short < 60) return short + 1;
  return cursor.take(short - 59).readUIntLE(0, short - 59) + 1;
}

function copyOf(tag: number, cursor: FileCursor): { offset: number; count: number } {
  switch (tag & 3) {
    case 1:
      return { offset: ((tag >> 5) << 8) | cursor.byte(), count: ((tag >> 2) & 7) + 4 };
    case 2:
      return { offset: cursor.take(2).readUInt16LE(), count: (tag >> 2) + 1 };
    default:
      return { offset: cursor.take(4).readUInt32LE(), count: (tag >> 2) + 1 };
  }
}
