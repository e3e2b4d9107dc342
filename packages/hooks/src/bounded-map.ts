/**
 * A map that forgets what was used longest ago when it is full: for whatever strangers can fill.
 *
 * @example
 * ```ts
 * const failures = new BoundedMap<string, number>(100_000);
 * failures.set(address, (failures.get(address) ?? 0) + 1);
 * ```
 */
export class BoundedMap<Key, Value> {
  readonly #maximum: number;
  /** In the order of their last use. */
  readonly #entries = new Map<Key, Value>();

  /** @param maximum how many entries; 0 for a map that keeps nothing */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** How many entries there are. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value, which counts as used now. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Keeps a value; when there is no room, the one that was used longest ago goes. */
  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#maximum) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Forgets a value. */
  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
