import type { KeptRun } from '../publishing/kept-run.ts';
import type { QueuedMessage, SendQuota } from './queued-message.ts';
import { SentRun } from './sent-run.ts';

const highestId = 65_535;
const fewestSlots = 8;

/** A message, or the run that it was sent with. */
type Sent = QueuedMessage | SentRun;

/**
 * What was sent and is not settled, by packet identifier. An identifier has its slot by its low bits; the slots
 * double before half of them are used. Identifiers follow one another, so two meet in a slot only when one has
 * waited while all numbers between were used: then the later one is kept apart until it is settled.
 *
 *     identifiers   … 5 6 · 8 9 …        6 and 8 wait, 7 was acknowledged
 *     slots         │ 8 │ 9 │ · │ · │ · │ 5 │ 6 │ · │       apart   14 (its slot is that of 6)
 *
 * What was sent in a run has the run in its slots, until somebody asks for one of its messages.
 *
 * A Map takes five times as long for the way of an identifier in and out, and leaves a table to collect behind it
 * every few messages.
 */
export class Inflight {
  #slots: (Sent | undefined)[] = [];
  /** Those whose slot was taken; undefined while there are none. */
  #apart: Map<number, Sent> | undefined = undefined;
  #size = 0;
  #bytes = 0;
  #lastId = 0;

  get size(): number {
    return this.#size;
  }

  /** Topics and payloads. */
  get bytes(): number {
    return this.#bytes;
  }

  get(packetId: number): QueuedMessage | undefined {
    const sent = this.#find(packetId);
    return sent instanceof SentRun ? this.#takeOutOfRun(sent, packetId) : sent;
  }

  has(entry: QueuedMessage): boolean {
    return this.#find(entry.packetId) === entry;
  }

  /** Takes an entry in and gives it its packet identifier: the next that is not in use. [MQTT-2.2.1-4] */
  add(entry: QueuedMessage): void {
    entry.packetId = this.#nextId();
    this.restore(entry);
  }

  /** Takes in messages that are sent side by side, and notes the packet identifiers that they get. */
  addRun(kept: KeptRun, firstSequence: number, sentOn: SendQuota, packetIds: number[]): void {
    for (let done = 0; done < kept.count; ) {
      const firstId = this.#nextId();
      const count = this.#takeFreeIds(kept.count - done);
      const run = new SentRun(firstId, count, firstSequence + done, kept, done, sentOn);
      for (let packetId = firstId; packetId < firstId + count; packetId++) {
        this.#take(packetId, run, run.size(packetId));
        packetIds.push(packetId);
      }
      done += count;
    }
  }

  /** Takes out a message that went in a run and that nobody has asked for, and gives the run; others are left to `get`. */
  removeFromRun(packetId: number): SentRun | undefined {
    const slot = packetId & (this.#slots.length - 1);
    const run = this.#slots[slot];
    if (!(run instanceof SentRun) || !run.covers(packetId)) return undefined;
    this.#slots[slot] = undefined;
    this.#size--;
    this.#bytes -= run.size(packetId);
    return run;
  }

  /** Takes in one that has its identifier from before. */
  restore(entry: QueuedMessage): void {
    this.#take(entry.packetId, entry, entry.bytes);
  }

  remove(entry: QueuedMessage): void {
    const { packetId } = entry;
    const slot = packetId & (this.#slots.length - 1);
    if (this.#slots[slot] === entry) this.#slots[slot] = undefined;
    else if (this.#apart?.get(packetId) === entry) this.#forgetApart(packetId);
    else return;
    this.#size--;
    this.#bytes -= entry.bytes;
  }

  /** In the order of first sending. [MQTT-4.6.0-1] */
  inOrder(): QueuedMessage[] {
    const entries: QueuedMessage[] = [];
    for (const packetId of this.#packetIds()) {
      const entry = this.get(packetId);
      if (entry !== undefined) entries.push(entry);
    }
    return entries.sort((a, b) => a.sequence - b.sequence);
  }

  clear(): void {
    this.#slots = [];
    this.#apart = undefined;
    this.#size = 0;
    this.#bytes = 0;
  }

  #find(packetId: number): Sent | undefined {
    const sent = this.#slots[packetId & (this.#slots.length - 1)];
    return sent !== undefined && isFor(packetId, sent) ? sent : this.#apart?.get(packetId);
  }

  #nextId(): number {
    do {
      this.#lastId = this.#lastId === highestId ? 1 : this.#lastId + 1;
    } while (this.#find(this.#lastId) !== undefined);
    return this.#lastId;
  }

  /** Of the identifier that is next and those behind it, as many as are free in a row; gives how many. */
  #takeFreeIds(most: number): number {
    const first = this.#lastId;
    while (this.#lastId < highestId && this.#lastId - first + 1 < most) {
      if (this.#find(this.#lastId + 1) !== undefined) break;
      this.#lastId++;
    }
    return this.#lastId - first + 1;
  }

  /** From here on it is a message of its own. */
  #takeOutOfRun(run: SentRun, packetId: number): QueuedMessage {
    const entry = run.messageOf(packetId);
    const slot = packetId & (this.#slots.length - 1);
    if (this.#slots[slot] === run) this.#slots[slot] = entry;
    else this.#apart?.set(packetId, entry);
    return entry;
  }

  #take(packetId: number, sent: Sent, bytes: number): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    this.#put(packetId, sent);
    this.#size++;
    this.#bytes += bytes;
  }

  #put(packetId: number, sent: Sent): void {
    const slot = packetId & (this.#slots.length - 1);
    if (this.#slots[slot] === undefined) {
      this.#slots[slot] = sent;
      return;
    }
    this.#apart ??= new Map();
    this.#apart.set(packetId, sent);
  }

  #forgetApart(packetId: number): void {
    this.#apart?.delete(packetId);
    if (this.#apart?.size === 0) this.#apart = undefined;
  }

  #packetIds(): number[] {
    const packetIds = [...(this.#apart?.keys() ?? [])];
    const mask = this.#slots.length - 1;
    for (const [slot, sent] of this.#slots.entries()) {
      // No two identifiers of a run have one slot: there are twice as many slots as messages.
      if (sent instanceof SentRun) packetIds.push(sent.firstId + ((slot - sent.firstId) & mask));
      else if (sent !== undefined) packetIds.push(sent.packetId);
    }
    return packetIds;
  }

  #grow(): void {
    const all = this.#packetIds().map((packetId) => [packetId, this.#find(packetId)] as const);
    const length = Math.max(fewestSlots, this.#slots.length * 2);
    this.#slots = new Array<Sent | undefined>(length).fill(undefined);
    this.#apart = undefined;
    for (const [packetId, sent] of all) if (sent !== undefined) this.#put(packetId, sent);
  }
}

function isFor(packetId: number, sent: Sent): boolean {
  return sent instanceof SentRun ? sent.covers(packetId) : sent.packetId === packetId;
}
