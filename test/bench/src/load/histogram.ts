/** Steps per doubling: a value is kept to within 1.1 %. */
const STEPS = 64;
const DOUBLINGS = 40;

/** Counts of latencies in nanoseconds to microseconds' precision; two of them can be added. */
export class Histogram {
  readonly counts: Float64Array;

  constructor(counts: ArrayLike<number> = new Float64Array(STEPS * DOUBLINGS)) {
    this.counts = Float64Array.from(counts);
  }

  record(microseconds: number): void {
    const slot = slotOf(microseconds);
    this.counts[slot] = (this.counts[slot] ?? 0) + 1;
  }

  add(other: Histogram): void {
    for (let slot = 0; slot < this.counts.length; slot++) {
      this.counts[slot] = (this.counts[slot] ?? 0) + (other.counts[slot] ?? 0);
    }
  }

  clear(): void {
    this.counts.fill(0);
  }

  get total(): number {
    return this.counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The latency in microseconds that this share of all did not exceed.
   *
   * @throws Error when there is none, as beside a broker that others keep from passing on anything.
   */
  quantile(share: number): number {
    let left = Math.ceil(this.total * share);
    if (left === 0) throw new Error('not one message arrived in the time that is measured');
    for (let slot = 0; slot < this.counts.length; slot++) {
      left -= this.counts[slot] ?? 0;
      if (left <= 0) return latencyIn(slot);
    }
    return latencyIn(this.counts.length - 1);
  }
}

/** Sixteenths of a microsecond are the finest step. */
function slotOf(microseconds: number): number {
  const value = Math.max(1, microseconds * 16);
  return Math.min(STEPS * DOUBLINGS - 1, Math.floor(Math.log2(value) * STEPS));
}

function latencyIn(slot: number): number {
  return 2 ** ((slot + 0.5) / STEPS) / 16;
}
