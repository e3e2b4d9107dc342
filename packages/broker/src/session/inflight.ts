import type { QueuedMessage } from './queued-message.ts';

const highestId = 65_535;
const fewestSlots = 8;

/**
 * What was sent and is not settled, by packet identifier. An identifier has its slot by its low bits, and none is
 * handed out whose slot is taken, so two never meet in one, and some free ones are passed over; the slots double before half of them are used.
 *
 *     identifiers   … 5 6 · 8 9 …        6 and 8 wait, 7 was acknowledged
 *     slots         │ 8 │ 9 │ · │ · │ · │ 5 │ 6 │ · │
 *
 * A Map takes five times as long for the way of an identifier in and out, and leaves a table to collect behind it
 * every few messages.
 */
export class Inflight {
  #slots: (QueuedMessage | undefined)[] = [];
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
    return entry?.packetId === packetId ? entry : undefined;
  }

  has(entry: QueuedMessage): boolean {
    return this.get(entry.packetId) === entry;
  }

  /** Takes an entry in and gives it its packet identifier: the next that is not in use. [MQTT-2.2.1-4] */
  add(entry: QueuedMessage): void {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    let slot: number;
    do {
      this.#lastId = this.#lastId === highestId ? 1 : this.#lastId + 1;
      slot = this.#lastId & (this.#slots.length - 1);
    } while (this.#slots[slot] !== undefined);
    entry.packetId = this.#lastId;
    this.#put(slot, entry);
  }

  /** Takes in one that has its identifier from before. */
  restore(entry: QueuedMessage): void {
    if (this.#slots.length === 0) this.#grow();
    while (this.#slots[entry.packetId & (this.#slots.length - 1)] !== undefined) this.#grow();
    this.#put(entry.packetId & (this.#slots.length - 1), entry);
  }

  remove(entry: QueuedMessage): void {
    if (!this.has(entry)) return;
    this.#slots[entry.packetId & (this.#slots.length - 1)] = undefined;
    this.#size--;
    this.#bytes -= entry.bytes;
  }

  /** In the order of first sending. [MQTT-4.6.0-1] */
  inOrder(): QueuedMessage[] {
    return this.#entries().sort((a, b) => a.sequence - b.sequence);
  }

  clear(): void {
    this.#slots = [];
    this.#size = 0;
    this.#bytes = 0;
  }

  #put(slot: number, entry: QueuedMessage): void {
    this.#slots[slot] = entry;
    this.#size++;
    this.#bytes += entry.bytes;
  }

  #entries(): QueuedMessage[] {
    return this.#slots.filter((entry) => entry !== undefined);
  }

  /** Those that did not meet in few slots do not meet in more. */
  #grow(): void {
    const entries = this.#entries();
    const length = Math.max(fewestSlots, this.#slots.length * 2);
    this.#slots = new Array<QueuedMessage | undefined>(length).fill(undefined);
    for (const entry of entries) this.#slots[entry.packetId & (length - 1)] = entry;
  }
}
