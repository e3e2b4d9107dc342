import type { SessionRecord } from '@carillon/persistence';
import type { Delivery, MatchedFilter, SessionSlot } from './session-slot.ts';

/** Sequence numbers are reserved so many ahead, so that not every message writes the session's slot. */
const reserve = 1000;

/** What the store remembers of a session while the broker runs: its slot, and how the backend has it. */
export class SessionState {
  session: SessionRecord;
  /** The highest sequence number of the session so far. */
  highest: number;
  readonly deliveries: Map<number, Delivery>;
  readonly inboundIds: Set<number>;
  readonly matched: Map<string, MatchedFilter>;
  /** The broker id of the stored Will, which finds it; undefined when there is none. */
  willBroker: string | undefined = undefined;
  /** The backend yields the queue out of order, because an entry was replaced. */
  isDisordered = false;
  /** The slot has to be written: it differs from what is stored, or writing it has failed. */
  mustBeWritten = false;
  #reserved: number;

  constructor(slot: SessionSlot) {
    this.session = slot.session;
    this.highest = slot.highest;
    this.#reserved = slot.highest;
    this.deliveries = new Map(slot.deliveries);
    this.inboundIds = new Set(slot.inboundIds);
    this.matched = new Map(slot.matched);
  }

  /** What is to be stored. `highest` is what was reserved, unless the store closes. */
  slot(isLast: boolean): SessionSlot {
    const { session, deliveries, inboundIds, matched } = this;
    return {
      session,
      highest: isLast ? this.highest : this.#reserved,
      deliveries,
      inboundIds,
      matched,
    };
  }

  /** Whether the stored slot reserves more than was used. */
  get hasReserve(): boolean {
    return this.#reserved > this.highest;
  }

  use(sequence: number): void {
    this.highest = Math.max(this.highest, sequence);
    if (this.highest <= this.#reserved) return;
    this.#reserved = this.highest + reserve;
    this.mustBeWritten = true;
  }

  deliver(sequence: number, delivery: Delivery): void {
    this.deliveries.set(sequence, delivery);
    this.mustBeWritten = true;
  }

  /** Back to the queue. */
  undeliver(sequence: number): void {
    if (this.deliveries.delete(sequence)) this.mustBeWritten = true;
  }

  match(filter: string, apart: MatchedFilter | undefined): void {
    if (apart !== undefined) this.matched.set(filter, apart);
    else if (!this.matched.delete(filter)) return;
    this.mustBeWritten = true;
  }
}
