import type { Flow } from './flow.ts';
import { Latencies } from './latencies.ts';
import type { Pace } from './plan.ts';
import { type Faults, noFaults } from './tally.ts';

/** All messages of one load: who sends, how fast, what arrived. */
export class Traffic {
  readonly flows: Flow[] = [];
  readonly faults: Faults = noFaults();
  readonly latencies = new Latencies();
  /** How long after they were due messages of an open loop were sent: what this process itself adds to latency. */
  readonly lateness = new Latencies();
  readonly #pace: Pace;
  #isRunning = false;
  #startedAt = 0;
  /** Messages of an open loop that have been sent. */
  #sent = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Whether the time from due to arrival is kept: only an open loop knows when a message was due. */
  get isTimed(): boolean {
    return this.#pace.kind === 'rate';
  }

  get delivered(): number {
    return this.flows.reduce((sum, { delivered }) => sum + delivered, 0);
  }

  get underWay(): number {
    return this.flows.reduce((sum, flow) => sum + Math.max(0, flow.underWay), 0);
  }

  start(): void {
    this.#isRunning = true;
    this.#startedAt = performance.now();
    if (this.#pace.kind === 'rate') this.#sendWhatIsDue(this.#pace.perSecond);
    else for (const flow of this.flows) this.pump(flow);
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** Closed loop: sends what the window has room for. */
  pump(flow: Flow): void {
    if (!this.#isRunning || this.#pace.kind !== 'window') return;
    const room = this.#pace.messages - flow.underWay;
    if (room > 0) flow.frames.send(room);
  }

  /** Milliseconds, on the clock of `performance.now`. */
  dueAt(sequence: number, publisher: number): number {
    if (this.#pace.kind !== 'rate') return 0;
    return this.#dueAt(sequence * this.flows.length + publisher, this.#pace.perSecond);
  }

  #dueAt(index: number, perSecond: number): number {
    return this.#startedAt + (index / perSecond) * 1000;
  }

  /**
   * Open loop: looks at the clock at every turn of the event loop, for a timer is a millisecond late. Messages are
   * sent when they are due whatever the broker does, and latency counts from then on: what waits for a broker that
   * stands still is counted too (no coordinated omission).
   */
  #sendWhatIsDue(perSecond: number): void {
    if (!this.#isRunning) return;
    const now = performance.now();
    const due = Math.floor(((now - this.#startedAt) / 1000) * perSecond);
    const { length } = this.flows;
    for (; this.#sent < due; this.#sent++) {
      this.lateness.record((now - this.#dueAt(this.#sent, perSecond)) * 1000, now);
      this.flows[this.#sent % length]?.frames.send(1);
    }
    setImmediate(() => this.#sendWhatIsDue(perSecond));
  }
}
