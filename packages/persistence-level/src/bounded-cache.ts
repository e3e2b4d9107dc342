/**
 * Remembers at least the latest `capacity` entries, and never more than twice as many. What it has forgotten
 * can be read again from the database.
 *
 * Two generations: when the young one is full it becomes the old one, and the old one is forgotten whole. (Taking
 * the oldest entry out of one Map, again and again, makes V8 step over all the holes that it left before.)
 */
export class BoundedCache<Key, Value> {
  readonly #capacity: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: Key, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#capacity) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: Key): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
