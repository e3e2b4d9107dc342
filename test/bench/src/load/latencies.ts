import { Histogram } from './histogram.ts';
import { median } from './statistics.ts';

/** Milliseconds. */
const SLICE = 100;

/**
 * Times of a steady load, and what most of it is like: a machine that stands still for some milliseconds spoils the
 * 99 % of seconds, whatever is measured, but only one of their slices.
 *
 *     │ 99 % within 0.5 │ 0.6 │ 3.9 │ 0.5 │ …   the median: 0.55
 */
export class Latencies {
  readonly #all = new Histogram();
  readonly #slice = new Histogram();
  readonly #slices: number[] = [];
  #sliceEnds = 0;

  /** Forgets what was, and begins at this instant, in milliseconds. */
  begin(now: number): void {
    this.#all.clear();
    this.#slice.clear();
    this.#slices.length = 0;
    this.#sliceEnds = now + SLICE;
  }

  record(microseconds: number, now: number): void {
    if (now >= this.#sliceEnds) this.#closeSlices(now);
    this.#all.record(microseconds);
    this.#slice.record(microseconds);
  }

  /** Of all. */
  quantile(share: number): number {
    return this.#all.quantile(share);
  }

  /**
   * The median over the slices that are over of what 99 % did not exceed.
   *
   * @throws Error when nothing came in most of them.
   */
  usual99(now: number): number {
    this.#closeSlices(now);
    const usual = median(this.#slices);
    if (usual < Number.POSITIVE_INFINITY) return usual;
    throw new Error('nothing arrived in most of the time that is measured');
  }

  /** A slice in which nothing came is one in which everything took for ever. */
  #closeSlices(now: number): void {
    for (; this.#sliceEnds <= now; this.#sliceEnds += SLICE) {
      this.#slices.push(this.#slice.total === 0 ? Number.POSITIVE_INFINITY : this.#slice.quantile(0.99));
      this.#slice.clear();
    }
  }
}
