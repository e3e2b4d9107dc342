import type { Client, Role } from './client.ts';
import { Packet } from './frames.ts';
import type { OutgoingFrames } from './outgoing-frames.ts';
import type { Tally } from './tally.ts';
import type { Traffic } from './traffic.ts';

/** The messages of one publisher, from the first byte out to the last acknowledgement back. */
export class Flow implements Role {
  readonly client: Client;
  readonly frames: OutgoingFrames;
  readonly #traffic: Traffic;
  /** How many subscribers are to get each message. */
  readonly #receivers: number;
  readonly #isAcknowledged: boolean;
  /** Copies that arrived, at all subscribers together. */
  delivered = 0;
  acknowledgements = 0;
  /** Whether it stands on a receiver's list of those that may have room again. */
  isTouched = false;

  constructor(traffic: Traffic, client: Client, frames: OutgoingFrames, receivers: number, qos: number) {
    this.#traffic = traffic;
    this.client = client;
    this.frames = frames;
    this.#receivers = receivers;
    this.#isAcknowledged = qos > 0;
    client.role = this;
  }

  /** A message is finished when all have it and, above QoS 0, the publisher's exchange is over. */
  get underWay(): number {
    const arrived = this.#receivers === 1 ? this.delivered : Math.floor(this.delivered / this.#receivers);
    const finished = this.#isAcknowledged ? Math.min(arrived, this.acknowledgements) : arrived;
    return this.frames.sent - finished;
  }

  acknowledged(type: number, _packetId: number, reason: number): void {
    if (reason >= 0x80) this.#traffic.faults.refused++;
    // PUBREC is but half of the exchange, unless it refuses.
    if (type !== Packet.pubrec || reason >= 0x80) this.acknowledgements++;
  }

  chunkDone(): void {
    this.#traffic.pump(this);
  }

  publish(): void {
    this.#traffic.faults.stray++;
  }

  lost(): void {
    this.#traffic.faults.closed++;
  }
}

/** One subscriber: counts what comes, and lets the publishers go on. */
export class Receiver implements Role {
  readonly #traffic: Traffic;
  readonly #tally: Tally;
  readonly #touched: Flow[] = [];
  #now = 0;

  constructor(traffic: Traffic, client: Client, tally: Tally) {
    this.#traffic = traffic;
    this.#tally = tally;
    client.role = this;
  }

  publish(_qos: number, _packetId: number, publisher: number, sequence: number): void {
    if (!this.#tally.take(publisher, sequence)) return;
    const flow = this.#traffic.flows[publisher];
    if (flow === undefined) return;
    flow.delivered++;
    if (!flow.isTouched) {
      flow.isTouched = true;
      this.#touched.push(flow);
    }
    if (this.#traffic.isTimed) this.#recordLatency(sequence, publisher);
  }

  chunkDone(): void {
    this.#now = 0;
    for (const flow of this.#touched) {
      flow.isTouched = false;
      this.#traffic.pump(flow);
    }
    this.#touched.length = 0;
  }

  acknowledged(): void {}

  lost(): void {
    this.#traffic.faults.closed++;
  }

  /** One look at the clock for all messages of a chunk: they arrived together. */
  #recordLatency(sequence: number, publisher: number): void {
    if (this.#now === 0) this.#now = performance.now();
    const now = this.#now;
    this.#traffic.latencies.record((now - this.#traffic.dueAt(sequence, publisher)) * 1000, now);
  }
}
