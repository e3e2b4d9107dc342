import { viewOf } from './decode/cursor.ts';

/** A part of a chunk of at least so many bytes stays where it is; a shorter one is copied beside its neighbours. */
const longPart = 8 * 1024;

/** Set aside at once for parts that are copied; the head of nearly every packet fits into it. */
const pieceBytes = 4096;

/** A fixed header has one byte of type and flags and one to four of Remaining Length. */
const longestHeader = 5;

const noBytes = new Uint8Array(0);

/**
 * A packet that lies in more than one chunk, as its bytes come: a list of pieces. Long parts of chunks stay where they
 * are, short ones are copied side by side.
 *
 *     │ part of a chunk │ whole chunk │ whole chunk │ short parts … free │
 *
 * It keeps no more memory than twice what really came, and a page: a declared length costs its sender's peer nothing.
 * Nothing is moved once it lies in a piece, however large the packet becomes.
 */
export class CutPacket {
  /** The whole packet, as its header declares it; 0 while the header is not here in full. */
  #size = 0;
  #length = 0;
  /** All of them full. */
  readonly #pieces: Uint8Array[] = [];
  /** The piece that short parts are copied to, and how much of it is filled; none when that is empty. */
  #open: Uint8Array = noBytes;
  #filled = 0;

  get hasHeader(): boolean {
    return this.#size > 0;
  }

  get isComplete(): boolean {
    return this.hasHeader && this.#length === this.#size;
  }

  /** What has come of it. */
  get length(): number {
    return this.#length;
  }

  /** All of it in order, once it is complete. */
  get pieces(): readonly Uint8Array[] {
    return this.#pieces;
  }

  /** One more byte of a header that was itself cut; gives what there is of it. */
  addHeaderByte(byte: number): Uint8Array {
    if (this.#length === 0) this.#open = new Uint8Array(longestHeader);
    this.#open[this.#length++] = byte;
    return this.#open;
  }

  /** The header is here in full, and judged. */
  declare(size: number): void {
    const header = this.#open;
    const headerBytes = this.#length;
    this.#size = size;
    this.#length = 0;
    this.#open = noBytes;
    if (headerBytes > 0) this.#copy(header, 0, headerBytes);
  }

  /** Takes what the chunk has of the packet from `start` on; gives where that ends. */
  add(chunk: Uint8Array, start: number): number {
    const end = Math.min(chunk.length, start + this.#size - this.#length);
    let at = start;
    while (at < end) {
      if (this.#filled > 0 || !mayStay(chunk, end - at)) {
        at = this.#copy(chunk, at, end);
        continue;
      }
      this.#pieces.push(viewOf(chunk, at, end));
      this.#length += end - at;
      at = end;
    }
    return end;
  }

  /** Copies as much as the open piece has room for; gives where that ends. */
  #copy(from: Uint8Array, start: number, end: number): number {
    if (this.#filled === 0) {
      const wanted = Math.max(end - start, pieceBytes);
      this.#open = new Uint8Array(Math.min(wanted, this.#size - this.#length));
    }
    const taken = Math.min(end - start, this.#open.length - this.#filled);
    this.#open.set(viewOf(from, start, start + taken), this.#filled);
    this.#length += taken;
    this.#filled += taken;
    if (this.#filled === this.#open.length) {
      this.#pieces.push(this.#open);
      this.#open = noBytes;
      this.#filled = 0;
    }
    return start + taken;
  }
}

/** A part keeps the whole of its chunk in memory: none is kept for less than half of it. */
function mayStay(chunk: Uint8Array, length: number): boolean {
  return length >= longPart && 2 * length >= chunk.buffer.byteLength;
}
