import { setTimeout } from 'node:timers';
import type { Clock, Logger, RandomSource, Scheduler } from '@carillon/hooks';
import { ExpectationError } from './expectation-error.ts';
import { macrotask } from './macrotask.ts';
import { ManualClock } from './manual-clock.ts';
import { ManualScheduler, type PendingTask } from './manual-scheduler.ts';
import { type ConnectionTarget, type LaboratoryClientOptions, PacketClient } from './packet-client.ts';
import type { ConnectDraft } from './packet-draft.ts';
import { type RecordingLogger, recordingLogger } from './recording-logger.ts';
import { type Seed, type SeededRandom, seededRandom } from './seeded-random.ts';

/** What a `Laboratory` begins with. */
export interface LaboratoryOptions {
  /** Everything random comes from it. Default: 1. */
  seed?: Seed;
  /** What the clock shows at first, in milliseconds since 1970. */
  startAt?: number;
  /**
   * The order of what arrives on different connections within one turn: as it was sent, or mixed by the
   * seed. Default: `'sent'`.
   */
  arrivals?: 'sent' | 'mixed';
  /**
   * Real milliseconds that `settleUntil` waits for work outside the laboratory, such as a hash computed by
   * a thread or a file that is written. Default: 0, because most tests have none, and fail at once.
   */
  patience?: number;
  /** After so many tasks without rest, the world is taken for one that never rests. Default: 500,000. */
  maximumTasks?: number;
}

/** What a broker takes from the world around it. */
export interface Platform {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly logger: Logger;
}

/**
 * So many rounds with nothing to do are rest. For promises one is enough, however long their chain; the
 * second is for code that waits for a `setImmediate` of its own.
 */
const QUIET_ROUNDS = 2;

/**
 * A closed world under a clock turned by hand: a broker that takes its platform from here, and clients over
 * connections in memory, run without a socket, a timer or a sleep, and every run with the same seed is the
 * same run.
 *
 * Between two statements of a test the world is at rest: whatever returns a promise here and in
 * `PacketClient` has let everything happen that could happen without time going on.
 *
 * @example
 * ```ts
 * const laboratory = new Laboratory();
 * const broker = createBroker({ ...laboratory.platform });
 * const client = await laboratory.connect(broker, { keepAlive: 10 });
 * await laboratory.advance(15_001);
 * await client.expectClosed();
 * ```
 */
export class Laboratory {
  readonly clock: ManualClock;
  readonly scheduler: ManualScheduler;
  readonly random: SeededRandom;
  readonly logger: RecordingLogger = recordingLogger();
  /** One for all brokers: the second one does not give the same names as the first. */
  readonly #platformRandom: SeededRandom;
  readonly #patience: number;
  readonly #maximumTasks: number;
  #settling: Promise<void> | undefined;
  #clients = 0;
  /** What arrives later, by the instant of `elapsed()`. */
  readonly #underWay = new Map<number, PendingTask[]>();

  constructor(options: LaboratoryOptions = {}) {
    const { seed = 1, startAt, arrivals = 'sent', patience = 0, maximumTasks = 500_000 } = options;
    this.random = seededRandom(seed);
    this.#platformRandom = this.random.fork('platform');
    this.clock = new ManualClock({
      ...(startAt === undefined ? {} : { startAt }),
      settle: () => this.settle(),
    });
    const mixing = this.random.fork('arrivals');
    this.scheduler = new ManualScheduler(
      arrivals === 'mixed' ? { arrangeArrivals: (tasks) => mixing.shuffle(tasks) } : {},
    );
    this.#patience = patience;
    this.#maximumTasks = maximumTasks;
  }

  /** To be spread into a broker's options. */
  get platform(): Platform {
    return {
      clock: this.clock,
      scheduler: this.scheduler,
      random: this.#platformRandom,
      logger: this.logger,
    };
  }

  /**
   * A client that has connected: CONNECT was sent, and the broker accepted it. Throws an `ExpectationError`
   * when it did not. Use `PacketClient.connect` for a client that has said nothing yet.
   *
   * @example
   * ```ts
   * const alice = await laboratory.connect(broker, { clientId: 'alice', protocolVersion: 4 });
   * ```
   */
  async connect(
    target: ConnectionTarget,
    draft: ConnectDraft = {},
    options: Omit<LaboratoryClientOptions, 'laboratory'> = {},
  ): Promise<PacketClient> {
    const { protocolVersion = options.protocolVersion ?? 5, clientId = '' } = draft;
    const name = options.name ?? (clientId === '' ? this.nameClient() : clientId);
    const client = PacketClient.connect(target, { ...options, laboratory: this, protocolVersion, name });
    const { reasonCode } = await client.connectPacket({ clientId: name, ...draft });
    if (reasonCode !== 0) {
      const refusal = `expected to be accepted, but CONNACK has reason code 0x${reasonCode.toString(16)}`;
      throw new ExpectationError(`${name}: ${refusal}.\n\nWhat was said:\n${client.conversation}`);
    }
    return client;
  }

  /** A name that no other client of this laboratory was given. */
  nameClient(): string {
    return `client-${++this.#clients}`;
  }

  /**
   * @internal Something comes from outside at an instant of `elapsed()`; what comes at the same instant comes
   * in the same turn.
   */
  arriveAt(instant: number, task: PendingTask): void {
    const delay = instant - this.clock.elapsed();
    const together = this.#underWay.get(instant);
    if (delay <= 0) this.scheduler.arrive(task.what, task.run);
    else if (together !== undefined) together.push(task);
    else this.#gather(instant, delay, task);
  }

  /** Lets `milliseconds` pass, and the world come to rest at every moment in which something is due. */
  advance(milliseconds: number): Promise<void> {
    return this.clock.advance(milliseconds);
  }

  /**
   * Lets everything happen that can happen without time going on: bytes arrive, turns end, promises are
   * kept. A promise that nobody will ever keep does not hold it up.
   *
   * Throws what a task throws, and an `Error` when the world does not come to rest.
   */
  settle(): Promise<void> {
    this.#settling ??= this.#comeToRest();
    return this.#settling;
  }

  /**
   * Settles, and says whether `condition` holds then. Where it does not and the laboratory has `patience`,
   * waits in real time for it, that long at most.
   */
  async settleUntil(condition: () => boolean): Promise<boolean> {
    await this.settle();
    const deadline = performance.now() + this.#patience;
    while (!condition()) {
      if (performance.now() >= deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.settle();
    }
    return true;
  }

  #gather(instant: number, delay: number, first: PendingTask): void {
    const together = [first];
    this.#underWay.set(instant, together);
    this.clock.schedule(delay, () => {
      this.#underWay.delete(instant);
      for (const { what, run } of together) this.scheduler.arrive(what, run);
    });
  }

  async #comeToRest(): Promise<void> {
    // So that `#settling` is set before the first task runs: it may settle as well, or throw.
    await undefined;
    try {
      let tasks = 0;
      for (let quietRounds = 0; quietRounds < QUIET_ROUNDS; quietRounds++) {
        while (this.scheduler.runNext() || this.clock.runDue()) {
          if (++tasks > this.#maximumTasks) throw new Error(this.#restlessness());
          quietRounds = 0;
          await macrotask();
        }
        await macrotask();
      }
    } finally {
      // Before the promise is kept: who sends something now begins a new round instead of joining this one.
      this.#settling = undefined;
    }
  }

  #restlessness(): string {
    const waiting = [...new Set(this.scheduler.waiting)].slice(0, 10).join('; ');
    return (
      `The world does not come to rest: after ${this.#maximumTasks} tasks there are still ` +
      `${this.scheduler.pending} waiting (${waiting || 'timers with no delay'}). Seed: ${this.random.seed}.`
    );
  }
}
