/** Makes copies of bytes that are to be kept. */
export interface Copies {
  copyOf(bytes: Uint8Array, start: number, length: number): Uint8Array;
}

/** For a reader of one record. */
export const eachItsOwn: Copies = {
  copyOf: (bytes, start, length) => {
    const copy = new Uint8Array(length);
    copy.set(bytes.subarray(start, start + length));
    return copy;
  },
};

const slabSize = 8192;
/** Longer ones are not worth the room they would leave empty at the end of a slab. */
const longest = slabSize / 8;

/**
 * Copies that lie side by side in slabs: an ArrayBuffer for each payload of a hundred thousand costs 200 bytes beside
 * its own, and half a second of the garbage collector. A slab stays as long as one of its copies does, so it is small,
 * and the first ones are smaller still: a page may have no more than one message.
 */
export class SlabOfCopies implements Copies {
  #slab = new Uint8Array(0);
  #used = 0;

  copyOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
    if (length > longest) return eachItsOwn.copyOf(bytes, start, length);
    if (this.#used + length > this.#slab.length) {
      this.#slab = new Uint8Array(Math.min(slabSize, Math.max(length, this.#slab.length * 4)));
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += length;
    put(bytes, start, length, this.#slab, at);
    return new Uint8Array(this.#slab.buffer, at, length);
  }
}

/** Up to here a loop copies faster than `set`, which needs a view of the range. */
const shortCopy = 96;

function put(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > shortCopy) to.set(from.subarray(start, start + length), at);
  else for (let i = 0; i < length; i++) to[at + i] = from[start + i] ?? 0;
}
