import type { Client, Role } from './client.ts';
import { publishTemplate } from './frames.ts';
import { pause, ratesOf, startInterval, warmUp } from './interval.ts';
import { NumberedTopic } from './numbered-topic.ts';
import { OutgoingFrames } from './outgoing-frames.ts';
import type { TreePlan } from './plan.ts';
import { type Faults, noFaults } from './tally.ts';

/** Clients that get messages, the same at any size: it is the tree that is to make a difference, not their sockets. */
export const RECEIVERS = 50;
/** Messages in a row to one client, so that writes are joined and do not hide what a match costs. */
const IN_A_ROW = 20;
/**
 * Messages that are sent with one write, once all of the batch before have arrived. So a broker joins as many of them
 * into one read and one write whatever its speed: with a window it joined more the busier it was, and what a message
 * cost followed that, and not the tree.
 */
const BATCH = 200;
/** Until they have arrived nothing counts: code is compiled, and at any size as well as it ever will be. */
const WARM_MESSAGES = 100_000;
/** What the messages of another kind left behind in caches is gone after this long. Seconds. */
const LEAD_IN = 0.1;

/** So many times its length a sample may take. */
const MOST_TIMES = 40;

/** Which topic a message has: the number in it. */
export type SiteOf = (receiver: number, sequence: number) => number;

export interface Sample {
  readonly rate: number;
  readonly cpu: number;
  readonly generatorShare: number;
}

/** The messages of one publisher to the receivers in turn, batch by batch. */
export class TreeTraffic {
  readonly faults: Faults = noFaults();
  readonly #plan: TreePlan;
  readonly #frames: OutgoingFrames;
  #siteOf: SiteOf = (receiver) => receiver;
  #arrived = 0;
  #isRunning = false;

  /** The first {@link RECEIVERS} subscribers get all messages, and the others none. */
  constructor(plan: TreePlan, publisher: Client, subscribers: readonly Client[]) {
    this.#plan = plan;
    const topic = new NumberedTopic('sites/', '/pump/state');
    const template = publishTemplate({ version: 4, qos: 0, topic: topic.sample, payloadBytes: 64 });
    this.#frames = new OutgoingFrames(publisher, 0, template, BATCH, (bytes, at, sequence) =>
      topic.write(bytes, at, this.#siteOf(receiverOf(sequence), sequence)),
    );
    for (const [index, client] of subscribers.entries()) {
      client.role = new InOrder(this.faults, index, () => this.#arrive());
    }
  }

  async warmUp(siteOf: SiteOf): Promise<void> {
    const before = this.#arrived;
    this.#start(siteOf);
    await warmUp(this.#plan.warmSeconds, WARM_MESSAGES, () => this.#arrived - before);
    await this.#stop();
  }

  async measure(siteOf: SiteOf, seconds: number): Promise<Sample> {
    this.#start(siteOf);
    await pause(LEAD_IN);
    const before = this.#arrived;
    const finish = startInterval(this.#plan.brokerPid);
    // On a machine with other work the broker may wait long for its core: what a message costs is known all the same.
    for (let times = 0; times < MOST_TIMES && (times === 0 || this.#arrived - before < BATCH); times++) {
      await pause(seconds);
    }
    const interval = finish();
    const count = this.#arrived - before;
    if (count === 0) throw new Error(`${this.#underWay} of ${this.#frames.sent} messages did not come`);
    await this.#stop();
    return { ...ratesOf(interval, count), generatorShare: interval.generatorShare };
  }

  #start(siteOf: SiteOf): void {
    this.#siteOf = siteOf;
    this.#isRunning = true;
    this.#frames.send(BATCH);
  }

  #arrive(): void {
    this.#arrived++;
    if (this.#isRunning && this.#arrived === this.#frames.sent) this.#frames.send(BATCH);
  }

  async #stop(): Promise<void> {
    this.#isRunning = false;
    for (let tries = 0; this.#underWay > 0 && tries < 1000; tries++) await pause(0.01);
    this.faults.lost = this.#underWay;
  }

  get #underWay(): number {
    return this.#frames.sent - this.#arrived;
  }
}

function receiverOf(sequence: number): number {
  return Math.floor(sequence / IN_A_ROW) % RECEIVERS;
}

/** A subscriber that gets some of the messages: its own, and each later than the one before. */
class InOrder implements Role {
  readonly #faults: Faults;
  readonly #index: number;
  readonly #count: () => void;
  #last = -1;

  constructor(faults: Faults, index: number, count: () => void) {
    this.#faults = faults;
    this.#index = index;
    this.#count = count;
  }

  publish(_qos: number, _packetId: number, _publisher: number, sequence: number): void {
    if (receiverOf(sequence) !== this.#index) this.#faults.stray++;
    else if (sequence <= this.#last) this.#faults.repeated++;
    else this.#count();
    this.#last = sequence;
  }

  chunkDone(): void {}

  acknowledged(): void {}

  lost(): void {
    this.#faults.closed++;
  }
}
