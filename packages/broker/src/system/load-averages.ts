const minutes = [1, 5, 15] as const;

/** How much per minute something rises, averaged over the last 1, 5 and 15 minutes, as `uptime` does with load. */
export class LoadAverages {
  readonly #averages = new Map<number, number>(minutes.map((span) => [span, 0]));
  #last = 0;

  /** Takes the counter's value `seconds` after it was taken last. */
  sample(value: number, seconds: number): void {
    const perMinute = ((value - this.#last) * 60) / seconds;
    this.#last = value;
    for (const [span, average] of this.#averages) {
      const weight = Math.exp(-seconds / (span * 60));
      this.#averages.set(span, perMinute + (average - perMinute) * weight);
    }
  }

  entries(): [name: string, average: string][] {
    return Array.from(this.#averages, ([span, average]) => [`${span}min`, average.toFixed(2)]);
  }
}
