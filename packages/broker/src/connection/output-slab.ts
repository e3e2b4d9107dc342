/** A slab that its readers are slow to take stays in memory whole, so it is no larger than a few of their reads. */
const slabSize = 256 * 1024;

/** Up to here a loop copies faster than `set`, which needs a view of the range. */
const shortCopy = 96;

/**
 * What all connections of a broker write into. Acknowledgements have a slab of their own: those of a chunk then lie
 * side by side, and so do the packets for its receiver, though they are written by turns; either leaves in one piece.
 * In one slab they are joined by another copy, and both take three times as long.
 */
export interface OutputSlabs {
  readonly packets: OutputSlab;
  readonly acknowledgements: OutputSlab;
}

/**
 * Where the packets that the broker makes are written: one large buffer, shared by all connections and filled from
 * front to back. What was written is never written again, so the sockets can have it without a copy.
 *
 *     │ PUBACK 1 │ PUBACK 2 │ PUBLISH … │ ◄─ at      free │
 */
export class OutputSlab {
  #bytes = new Uint8Array(0);
  #used = 0;

  /** The buffer that `reserve` and `copy` gave the latest place in. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** A place for so many bytes in `bytes`; it is the caller's for good. */
  reserve(length: number): number {
    if (this.#used + length > this.#bytes.length) {
      this.#bytes = new Uint8Array(Math.max(slabSize, length));
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += length;
    return at;
  }

  /** Copies a range to a place of its own. */
  copy(from: Uint8Array, start: number, end: number): number {
    const at = this.reserve(end - start);
    copyBytes(from, start, end, this.#bytes, at);
    return at;
  }
}

export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > shortCopy) {
    to.set(viewOf(from, start, end), at);
    return;
  }
  for (let i = start, j = at; i < end; i++, j++) to[j] = from[i] ?? 0;
}

/** As `subarray`, which asks the class of the bytes first and takes twice as long. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}
