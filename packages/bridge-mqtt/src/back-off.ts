/** How long to wait before the next attempt: doubling from `minimum` to `maximum`, half of it by chance. */
export class BackOff {
  readonly #minimum: number;
  readonly #maximum: number;
  readonly #random: (target: Uint8Array) => void;
  #failures = 0;

  constructor(
    { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
    random: (target: Uint8Array) => void,
  ) {
    this.#minimum = minimum;
    this.#maximum = maximum;
    this.#random = random;
  }

  /** Milliseconds. By chance, so that many bridges do not come back to one broker in the same moment. */
  next(): number {
    const whole = Math.min(this.#maximum, this.#minimum * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    const bytes = new Uint8Array(4);
    this.#random(bytes);
    const chance = new DataView(bytes.buffer).getUint32(0) / 0x1_0000_0000;
    return whole / 2 + (whole / 2) * chance;
  }

  /** A connection that lasted begins the count anew; one that broke at once is another failure. */
  lasted(milliseconds: number): void {
    if (milliseconds >= 10 * this.#minimum) this.#failures = 0;
  }
}
