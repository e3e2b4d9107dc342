import type { QueuedMessage } from './queued-message.ts';

const highestId = 65_535;
const fewestSlots = 8;

/**
 * What was sent and is not settled, by packet identifier. An identifier has its slot by its low bits; the slots
 * double before half of them are used. Identifiers follow one another, so two meet in a slot only when one has
 * waited while all numbers between were used: then the later one is kept apart until it is settled.
 *
 *     identifiers   … 5 6 · 8 9 …        6 and 8 wait, 7 was acknowledged
 *     slots         │ 8 │ 9 │ · │ · │ · │ 5 │ 6 │ · │       apart   14 (its slot is that of 6)
 *
 * A Map takes five times as long for the way of an identifier in and out, and leaves a table to collect behind it
 * every few messages.
 */
export class Inflight {
  #slots: (QueuedMessage | undefined)[] = [];
  /** Those whose slot was taken; undefined while there are none. */
  #apart: Map<number, QueuedMessage> | undefined = undefined;
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
    const entry = this.#slots[packetId & (this.#slots.length - 1)];
    return entry?.packetId === packetId ? entry : this.#apart?.get(packetId);
  }

  has(entry: QueuedMessage): boolean {
    return this.get(entry.packetId) === entry;
  }

  /** Takes an entry in and gives it its packet identifier: the next that is not in use. [MQTT-2.2.1-4] */
  add(entry: QueuedMessage): void {
    do {
      this.#lastId = this.#lastId === highestId ? 1 : this.#lastId + 1;
    } while (this.get(this.#lastId) !== undefined);
    entry.packetId = this.#lastId;
    this.restore(entry);
  }

  /** Takes in one that has its identifier from before. */
  restore(entry: QueuedMessage): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    this.#put(entry);
    this.#size++;
    this.#bytes += entry.bytes;
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
    return this.#entries().sort((a, b) => a.sequence - b.sequence);
  }

  clear(): void {
    this.#slots = [];
    this.#apart = undefined;
    this.#size = 0;
    this.#bytes = 0;
  }

  #put(entry: QueuedMessage): void {
    const slot = entry.packetId & (this.#slots.length - 1);
    if (this.#slots[slot] === undefined) {
      this.#slots[slot] = entry;
      return;
    }
    this.#apart ??= new Map();
    this.#apart.set(entry.packetId, entry);
  }

  #forgetApart(packetId: number): void {
    this.#apart?.delete(packetId);
    if (this.#apart?.size === 0) this.#apart = undefined;
  }

  #entries(): QueuedMessage[] {
    const inSlots = this.#slots.filter((entry) => entry !== undefined);
    return this.#apart === undefined ? inSlots : [...inSlots, ...this.#apart.values()];
  }

  #grow(): void {
    const entries = this.#entries();
    const length = Math.max(fewestSlots, this.#slots.length * 2);
    this.#slots = new Array<QueuedMessage | undefined>(length).fill(undefined);
    this.#apart = undefined;
    for (const entry of entries) this.#put(entry);
  }
}
