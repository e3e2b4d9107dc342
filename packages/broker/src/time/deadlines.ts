import type { Clock, ScheduledTask } from '@carillon/hooks';

/** Longer than this no platform timer reliably runs; a later deadline is looked at again in between. */
const longestTimer = 2 ** 30;

/**
 * All moments the engine waits for (keep alives, expiries, delays) over one platform timer.
 *
 * A binary heap by moment: the root is the next one due. Each deadline knows its place in the heap, so that
 * it can be moved or taken out without a search.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #heap: Deadline[] = [];
  #timer: ScheduledTask | undefined = undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes a deadline that is not set yet; `reached` is called each time it comes due. */
  create(reached: () => void): Deadline {
    return new Deadline(this, reached);
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Forgets all of them. */
  clear(): void {
    for (const deadline of this.#heap) deadline.place = -1;
    this.#heap.length = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  /** @internal */
  put(deadline: Deadline, delay: number): void {
    deadline.at = this.#clock.elapsed() + Math.max(0, delay);
    if (deadline.place === -1) {
      deadline.place = this.#heap.length;
      this.#heap.push(deadline);
    }
    this.#rise(deadline);
    this.#sink(deadline);
    this.#arm();
  }

  /** @internal */
  take(deadline: Deadline): void {
    const { place } = deadline;
    if (place === -1) return;
    deadline.place = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === deadline) return;
    last.place = place;
    this.#heap[place] = last;
    this.#rise(last);
    this.#sink(last);
  }

  #arm(): void {
    const next = this.#heap[0];
    if (next === undefined || next.at >= this.#timerAt) return;
    this.#timer?.cancel();
    this.#timerAt = next.at;
    const delay = Math.min(longestTimer, Math.max(0, next.at - this.#clock.elapsed()));
    this.#timer = this.#clock.schedule(delay, () => this.#wake());
  }

  #wake(): void {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#clock.elapsed();
    for (let next = this.#heap[0]; next !== undefined && next.at <= now; next = this.#heap[0]) {
      this.take(next);
      next.reached();
    }
    this.#arm();
  }

  #rise(deadline: Deadline): void {
    let place = deadline.place;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.#heap[parentPlace];
      if (parent === undefined || parent.at <= deadline.at) break;
      this.#heap[place] = parent;
      parent.place = place;
      place = parentPlace;
    }
    this.#heap[place] = deadline;
    deadline.place = place;
  }

  #sink(deadline: Deadline): void {
    let place = deadline.place;
    for (;;) {
      const left = this.#heap[2 * place + 1];
      const right = this.#heap[2 * place + 2];
      const child = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (child === undefined || child.at >= deadline.at) break;
      const childPlace = child.place;
      this.#heap[place] = child;
      child.place = place;
      place = childPlace;
    }
    this.#heap[place] = deadline;
    deadline.place = place;
  }
}

/** One moment that somebody waits for. */
export class Deadline {
  readonly #deadlines: Deadlines;
  readonly reached: () => void;
  /** On the clock's `elapsed` scale. */
  at = 0;
  /** In the heap; -1 when not set. */
  place = -1;

  constructor(deadlines: Deadlines, reached: () => void) {
    this.#deadlines = deadlines;
    this.reached = reached;
  }

  get isSet(): boolean {
    return this.place !== -1;
  }

  /** Comes due `delay` milliseconds from now, whatever was set before. */
  setIn(delay: number): void {
    this.#deadlines.put(this, delay);
  }

  cancel(): void {
    this.#deadlines.take(this);
  }
}
