/** Digits that hold a million and more. */
const DIGITS = 7;

/** A topic with a number of fixed width in it, which is written over in frames that are there. */
export class NumberedTopic {
  readonly #before: string;
  readonly #after: string;

  constructor(before: string, after: string) {
    this.#before = before;
    this.#after = after;
  }

  /** The topic with number 0, for the template. */
  get sample(): string {
    return this.of(0);
  }

  of(number: number): string {
    return `${this.#before}${digits(number)}${this.#after}`;
  }

  /** @param at Where the topic begins. */
  write(bytes: Buffer, at: number, number: number): void {
    const last = at + this.#before.length + DIGITS - 1;
    for (let place = 0, rest = number; place < DIGITS; place++) {
      bytes[last - place] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  }
}

export function digits(number: number): string {
  return String(number).padStart(DIGITS, '0');
}
