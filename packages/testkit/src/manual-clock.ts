import type { Clock, ScheduledTask } from '@carillon/hooks';
import { macrotask } from './macrotask.ts';

/** What a `ManualClock` begins with. */
export interface ManualClockOptions {
  /** What `now()` says at first, in milliseconds since 1970. Default: 2024-01-01T00:00:00Z. */
  startAt?: number;
  /** Lets the world come to rest after a task was called. Default: pending promises run. */
  settle?: () => Promise<void>;
}

interface TimedTask {
  /** In the milliseconds of `elapsed()`. */
  readonly due: number;
  readonly run: () => void;
}

/**
 * A clock that stands still until a test turns it.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * clock.schedule(60_000, () => console.log('a minute later'));
 * await clock.advance(3_600_000); // prints, at exactly one minute, in no time
 * ```
 */
export class ManualClock implements Clock {
  readonly #settle: () => Promise<void>;
  #elapsed = 0;
  /** `now()` is this much more than `elapsed()`. */
  #wallClockOffset: number;
  /** By time; where times are equal, in the order in which they were given. */
  readonly #tasks: TimedTask[] = [];
  #advancing = false;

  constructor({ startAt = Date.UTC(2024, 0, 1), settle = macrotask }: ManualClockOptions = {}) {
    this.#wallClockOffset = startAt;
    this.#settle = settle;
  }

  now(): number {
    return this.#elapsed + this.#wallClockOffset;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  schedule(delay: number, run: () => void): ScheduledTask {
    const task = { due: this.#elapsed + Math.max(0, delay), run };
    const later = this.#tasks.findIndex((other) => other.due > task.due);
    this.#tasks.splice(later === -1 ? this.#tasks.length : later, 0, task);
    return { cancel: () => this.#cancel(task) };
  }

  /** How many tasks wait for their time. When everything is closed, a test can demand that this be 0. */
  get pending(): number {
    return this.#tasks.length;
  }

  /** Milliseconds until the next task is due; `undefined` when none waits. */
  get untilNext(): number | undefined {
    const [first] = this.#tasks;
    return first === undefined ? undefined : first.due - this.#elapsed;
  }

  /**
   * Lets `milliseconds` pass. Every task that falls due is called at its own time, the earliest first, and
   * the world comes to rest after each: what a task brings about happens before the next one.
   *
   * Throws when the clock is already being turned: two hands would make the order a matter of luck.
   */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#endOf(milliseconds);
    if (this.#advancing) throw new Error('The clock is being turned already: await the first advance().');
    this.#advancing = true;
    try {
      await this.#settle();
      while (this.#runNext(end)) await this.#settle();
      this.#elapsed = end;
      await this.#settle();
    } finally {
      this.#advancing = false;
    }
  }

  /** As `advance`, but nothing is awaited: no promise moves between the tasks, or after them. */
  advanceSync(milliseconds: number): void {
    const end = this.#endOf(milliseconds);
    while (this.#runNext(end));
    this.#elapsed = end;
  }

  /** Calls what is due at this very moment, such as tasks with no delay. Says whether there was anything. */
  runDue(): boolean {
    return this.#runNext(this.#elapsed);
  }

  /** Somebody sets the system clock: `now()` jumps to `instant`, `elapsed()` and all delays are untouched. */
  setWallClock(instant: number): void {
    this.#wallClockOffset = instant - this.#elapsed;
  }

  #endOf(milliseconds: number): number {
    if (!(milliseconds >= 0)) throw new RangeError(`Time does not go back: advance(${milliseconds}).`);
    return this.#elapsed + milliseconds;
  }

  #runNext(end: number): boolean {
    const [first] = this.#tasks;
    if (first === undefined || first.due > end) return false;
    this.#tasks.shift();
    this.#elapsed = first.due;
    first.run();
    return true;
  }

  #cancel(task: TimedTask): void {
    const index = this.#tasks.indexOf(task);
    if (index !== -1) this.#tasks.splice(index, 1);
  }
}
