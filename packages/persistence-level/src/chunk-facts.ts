/** What must be known of a chunk to take entries out of it. */
export class ChunkFacts {
  readonly first: number;
  /** Of its entries, in order. */
  readonly sequences: number[] = [];
  readonly #bytes: number[] = [];
  /** 0 for an entry that has its message with it. */
  readonly #bundles: number[] = [];

  constructor(first: number) {
    this.first = first;
  }

  add(sequence: number, bytes: number, bundle: number): void {
    this.sequences.push(sequence);
    this.#bytes.push(bytes);
    this.#bundles.push(bundle);
  }

  get last(): number {
    return this.sequences.at(-1) ?? this.first;
  }

  /** The place of an entry, -1 when there is none with that number. */
  placeOf(sequence: number): number {
    // Nearly always there are no gaps.
    const guess = sequence - (this.sequences[0] ?? 0);
    return this.sequences[guess] === sequence ? guess : this.sequences.indexOf(sequence);
  }

  bytesAt(place: number): number {
    return this.#bytes[place] ?? 0;
  }

  /** The bundle with the entry's message; 0 for none. */
  bundleAt(place: number): number {
    return this.#bundles[place] ?? 0;
  }
}
