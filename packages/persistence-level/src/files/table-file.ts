import { messageOf } from '@carillon/hooks/checks';
import { storedChecksum } from './crc32c.ts';
import { FileCursor } from './file-cursor.ts';
import type { Stretch } from './log-file.ts';
import { uncompress } from './snappy.ts';

/*
 * A table of LevelDB:
 *
 *     data blocks │ filter block │ metaindex block │ index block │ footer
 *
 * The footer says where the last two are, the metaindex where the filter is, the index where the data are. Behind each
 * block follow a byte that tells whether it is compressed, and a checksum over both.
 */

const footerSize = 48;
const trailerSize = 5;
const magic = Buffer.from('57fb808b247547db', 'hex');

interface Block {
  readonly offset: number;
  readonly size: number;
}

/** What is wrong with a table. */
export interface TableDamage {
  readonly stretches: readonly Stretch[];
  /** Whether its index can be read: then the blocks that are not damaged can be. */
  readonly isReadable: boolean;
}

/** Reads all blocks of a table, and holds them against their checksums. */
export function inspectTable(bytes: Buffer): TableDamage {
  const table = new Table(bytes);
  try {
    table.readFooter();
  } catch (error) {
    const problem = messageOf(error);
    return { stretches: [{ offset: 0, length: bytes.length, problem }], isReadable: false };
  }
  return { stretches: [...table.damagedFilter(), ...table.damagedData()], isReadable: true };
}

/**
 * The table without what is damaged: in the place of its damaged blocks are empty ones. Of a filter that is damaged
 * nothing is left but that there is none.
 */
export function withoutDamage(bytes: Buffer): Buffer {
  const mended = Buffer.from(bytes);
  const table = new Table(mended);
  table.readFooter();
  if (table.damagedFilter().length > 0) table.empty(table.metaindex);
  for (const block of table.damagedBlocks()) table.empty(block);
  return mended;
}

class Table {
  readonly #bytes: Buffer;
  metaindex: Block = { offset: 0, size: 0 };
  #data: readonly Block[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Finds the blocks. @throws Error when footer or index cannot be read. */
  readFooter(): void {
    const { length } = this.#bytes;
    const footer = this.#bytes.subarray(Math.max(0, length - footerSize));
    if (length < footerSize || !footer.subarray(-magic.length).equals(magic)) {
      throw new Error('its end is not that of a table');
    }
    const cursor = new FileCursor(footer);
    this.metaindex = blockIn(cursor);
    const index = blockIn(cursor);
    try {
      this.#data = this.#blocksIn(index);
    } catch (error) {
      throw new Error('its index cannot be read', { cause: error });
    }
  }

  /** The filter only saves looking into blocks; what is wrong with it costs no record. */
  damagedFilter(): Stretch[] {
    try {
      for (const filter of this.#blocksIn(this.metaindex)) this.#check(filter);
      return [];
    } catch {
      const { offset, size } = this.metaindex;
      return [{ offset, length: size, problem: 'its filter cannot be read, which loses no record' }];
    }
  }

  damagedData(): Stretch[] {
    return this.damagedBlocks().map(({ offset, size }) => ({
      offset,
      length: size,
      problem: 'its checksum is another one',
    }));
  }

  damagedBlocks(): Block[] {
    return this.#data.filter((block) => {
      try {
        this.#check(block);
        return false;
      } catch {
        return true;
      }
    });
  }

  /** Without an entry and without a place to begin, it is what LevelDB takes for an empty block. */
  empty({ offset, size }: Block): void {
    this.#bytes.fill(0, offset, offset + size + 1);
    const checksum = storedChecksum(this.#bytes.subarray(offset, offset + size + 1));
    this.#bytes.writeUInt32LE(checksum, offset + size + 1);
  }

  /** The blocks that an index refers to. */
  #blocksIn(index: Block): Block[] {
    const content = this.#contentOf(index);
    if (content.length < 4) throw new Error('the block is too short');
    const restarts = content.readUInt32LE(content.length - 4);
    if (restarts === 0) return [];
    const end = content.length - 4 * (restarts + 1);
    if (end < 0) throw new Error('the block is too short');
    const cursor = new FileCursor(content.subarray(0, end));
    const blocks: Block[] = [];
    while (!cursor.isAtEnd) {
      // A key begins with what it has in common with the one before it, which is not repeated.
      cursor.varint();
      const [ofKey, ofValue] = [cursor.varint(), cursor.varint()];
      cursor.take(ofKey);
      blocks.push(blockIn(new FileCursor(cursor.take(ofValue))));
    }
    return blocks;
  }

  #contentOf(block: Block): Buffer {
    this.#check(block);
    const content = this.#bytes.subarray(block.offset, block.offset + block.size);
    return this.#bytes[block.offset + block.size] === 1 ? uncompress(content) : content;
  }

  #check({ offset, size }: Block): void {
    const end = offset + size + trailerSize;
    if (end > this.#bytes.length - footerSize) throw new Error('the block is not in the file');
    const isRight =
      this.#bytes.readUInt32LE(end - 4) === storedChecksum(this.#bytes.subarray(offset, end - 4));
    if (!isRight) throw new Error('its checksum is another one');
  }
}

function blockIn(cursor: FileCursor): Block {
  return { offset: cursor.varint(), size: cursor.varint() };
}
