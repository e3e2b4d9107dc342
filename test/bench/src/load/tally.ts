/** What was wrong with what came. All zero is a good run. */
export interface Faults {
  /** Never came. */
  lost: number;
  /** Came again, or after a later one of the same publisher. */
  repeated: number;
  /** Came to somebody who had not asked for it. */
  stray: number;
  /** Acknowledged with a refusal. */
  refused: number;
  /** Connections that the broker ended. */
  closed: number;
}

export function noFaults(): Faults {
  return { lost: 0, repeated: 0, stray: 0, refused: 0, closed: 0 };
}

export function addFaults(into: Faults, more: Faults): void {
  into.lost += more.lost;
  into.repeated += more.repeated;
  into.stray += more.stray;
  into.refused += more.refused;
  into.closed += more.closed;
}

/** In words; empty when there were none. */
export function faultsInWords(faults: Faults): string {
  return Object.entries(faults)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

/**
 * What one subscriber has of each of its publishers. Numbers run from 0 without a gap, so one number for each says
 * whether a message is the next, was passed over, or has been there.
 */
export class Tally {
  readonly #firstPublisher: number;
  readonly #expected: Uint32Array;
  readonly #faults: Faults;

  constructor(firstPublisher: number, publishers: number, faults: Faults) {
    this.#firstPublisher = firstPublisher;
    this.#expected = new Uint32Array(publishers);
    this.#faults = faults;
  }

  /** @returns Whether it counts as delivered: it was the next, or a later one. */
  take(publisher: number, sequence: number): boolean {
    const index = publisher - this.#firstPublisher;
    const expected = this.#expected[index];
    if (expected === sequence) {
      this.#expected[index] = sequence + 1;
      return true;
    }
    return this.#unexpected(index, expected, sequence);
  }

  #unexpected(index: number, expected: number | undefined, sequence: number): boolean {
    if (expected === undefined) this.#faults.stray++;
    else if (sequence < expected) this.#faults.repeated++;
    else {
      // What was passed over is lost; should it come after all, it counts as repeated: the order was broken.
      this.#faults.lost += sequence - expected;
      this.#expected[index] = sequence + 1;
      return true;
    }
    return false;
  }
}
