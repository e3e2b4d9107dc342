/** How much memory a cache takes: about `entries` times `maximumTopicBytes`, and the strings. */
export interface TopicCacheOptions {
  /** How many topics it holds at most; rounded up to a power of two. Default 4096, at least 4. */
  entries?: number;
  /** A longer topic is not cached. Bytes; default 128. */
  maximumTopicBytes?: number;
}

/** How many slots one hash value can fall into. */
const ways = 4;

/**
 * From the bytes of a topic to its string, so that a topic seen before costs neither UTF-8 validation nor a new
 * string. Made to be shared by many readers.
 *
 * ```
 * hash → set:  | slot 0 | slot 1 | slot 2 | slot 3 |      slot: hash, length, recently used?, string
 *                                                         slab: the bytes of all slots, one stride each
 * ```
 *
 * Exact: a hit has compared every byte. Bounded: one slab of `entries × maximumTopicBytes`, made at once, and no
 * chains, so topics chosen to collide cost their senders cache hits and nobody time. Within a set the slot to go
 * is found by second chance: one that was hit since the hand last passed stays.
 */
export class TopicCache {
  readonly #setMask: number;
  readonly #stride: number;
  readonly #slab: Uint8Array;
  readonly #hashes: Int32Array;
  readonly #lengths: Uint16Array;
  readonly #used: Uint8Array;
  readonly #hands: Uint8Array;
  readonly #topics: (string | undefined)[];

  /** @throws RangeError if an option is not a positive whole number in its bounds. */
  constructor(options: TopicCacheOptions = {}) {
    const entries = options.entries ?? 4096;
    const stride = options.maximumTopicBytes ?? 128;
    if (!Number.isInteger(entries) || entries < 1 || entries > 2 ** 24) {
      throw new RangeError(`entries must be a whole number from 1 to 2 ** 24, not ${entries}`);
    }
    if (!Number.isInteger(stride) || stride < 1 || stride > 0xffff) {
      throw new RangeError(`maximumTopicBytes must be a whole number from 1 to 65535, not ${stride}`);
    }
    const sets = 2 ** Math.ceil(Math.log2(Math.max(1, entries / ways)));
    const slots = sets * ways;
    this.#setMask = sets - 1;
    this.#stride = stride;
    this.#slab = new Uint8Array(slots * stride);
    this.#hashes = new Int32Array(slots);
    this.#lengths = new Uint16Array(slots);
    this.#used = new Uint8Array(slots);
    this.#hands = new Uint8Array(sets);
    this.#topics = new Array<string | undefined>(slots).fill(undefined);
  }

  /** The string for these bytes, if it is here. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start;
    if (length > this.#stride) return undefined;
    const hash = hashOf(bytes, start, end);
    const first = (hash & this.#setMask) * ways;
    for (let slot = first; slot < first + ways; slot++) {
      if (this.#hashes[slot] !== hash || this.#lengths[slot] !== length) continue;
      if (!sameBytes(this.#slab, slot * this.#stride, bytes, start, length)) continue;
      this.#used[slot] = 1;
      return this.#topics[slot];
    }
    return undefined;
  }

  /** Keeps `topic`, which must be what these bytes decode to. Does nothing if they are too many or none. */
  remember(bytes: Uint8Array, start: number, end: number, topic: string): void {
    const length = end - start;
    if (length > this.#stride || length === 0) return;
    const hash = hashOf(bytes, start, end);
    const slot = this.#slotToReplace(hash & this.#setMask);
    this.#slab.set(bytes.subarray(start, end), slot * this.#stride);
    this.#hashes[slot] = hash;
    this.#lengths[slot] = length;
    this.#used[slot] = 0;
    this.#topics[slot] = topic;
  }

  #slotToReplace(set: number): number {
    const first = set * ways;
    let hand = this.#hands[set] ?? 0;
    while (this.#used[first + hand] === 1) {
      this.#used[first + hand] = 0;
      hand = (hand + 1) % ways;
    }
    this.#hands[set] = (hand + 1) % ways;
    return first + hand;
  }
}

/**
 * Four bytes a step: rotate, mix in, multiply. The high bits, which depend on every byte, are folded into the low
 * ones, which choose the set. A step per byte made finding a topic of 27 bytes a third slower.
 *
 * @internal
 */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word =
      (bytes[at] ?? 0) |
      ((bytes[at + 1] ?? 0) << 8) |
      ((bytes[at + 2] ?? 0) << 16) |
      ((bytes[at + 3] ?? 0) << 24);
    hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ word, 0x9e3779b1);
  }
  for (; at < end; at++) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ (bytes[at] ?? 0), 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 15);
}

function sameBytes(a: Uint8Array, aStart: number, b: Uint8Array, bStart: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (a[aStart + index] !== b[bStart + index]) return false;
  }
  return true;
}
