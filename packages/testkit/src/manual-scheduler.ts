import type { Scheduler } from '@carillon/hooks';

/** What a `ManualScheduler` begins with. */
export interface ManualSchedulerOptions {
  /**
   * Puts what arrives within one turn into another order, as a network might. Default: first come, first
   * served. Bytes of one connection keep their order in any case.
   */
  arrangeArrivals?: (arrivals: readonly PendingTask[]) => PendingTask[];
}

/** Something that waits for its place in a turn. */
export interface PendingTask {
  /** Named in the message when the world does not come to rest. */
  readonly what: string;
  /** Called once, in its place. */
  readonly run: () => void;
}

/**
 * Turns, made by hand. A turn is what it is in Node's event loop:
 *
 * ```
 *   what has arrived when the turn begins      (poll: sockets are read)
 *   what was asked for at the end of the turn  (check: setImmediate)
 * ```
 *
 * What comes in the meantime belongs to the next turn; only tasks which an arrival asked for at the end of
 * the turn still belong to this one.
 */
export class ManualScheduler implements Scheduler {
  readonly #arrangeArrivals: (arrivals: readonly PendingTask[]) => PendingTask[];
  #arriving: PendingTask[] = [];
  #ending: PendingTask[] = [];
  /** The part of this turn that has not run yet. */
  #turn: PendingTask[] = [];
  #phase: 'arrivals' | 'end of turn' = 'end of turn';

  constructor({ arrangeArrivals = (arrivals) => [...arrivals] }: ManualSchedulerOptions = {}) {
    this.#arrangeArrivals = arrangeArrivals;
  }

  atEndOfTurn(run: () => void): void {
    this.#ending.push({ what: 'a task at the end of the turn', run });
  }

  /** Something comes from outside: bytes, or the news that a connection is over. */
  arrive(what: string, run: () => void): void {
    this.#arriving.push({ what, run });
  }

  /** How many tasks wait. */
  get pending(): number {
    return this.#turn.length + this.#arriving.length + this.#ending.length;
  }

  /** What waits, in the order in which it will run as things are. */
  get waiting(): readonly string[] {
    return [...this.#turn, ...this.#arriving, ...this.#ending].map((task) => task.what);
  }

  /** Runs the next task. Says whether there was one. */
  runNext(): boolean {
    if (this.#turn.length === 0) this.#nextPhase();
    if (this.#turn.length === 0) this.#nextPhase();
    const task = this.#turn.shift();
    if (task === undefined) return false;
    task.run();
    return true;
  }

  /** Runs one turn to its end, without letting promises move in between. */
  runTurn(): void {
    if (this.#turn.length === 0 && this.#phase === 'end of turn') this.#nextPhase();
    while (this.#turn.length > 0) this.runNext();
    if (this.#phase === 'end of turn') return;
    this.#nextPhase();
    while (this.#turn.length > 0) this.runNext();
  }

  #nextPhase(): void {
    if (this.#phase === 'end of turn') {
      this.#phase = 'arrivals';
      this.#turn = this.#arrangeArrivals(this.#arriving);
      this.#arriving = [];
    } else {
      this.#phase = 'end of turn';
      this.#turn = this.#ending;
      this.#ending = [];
    }
  }
}
