import type { QueueLoss, QueueSummary } from '@carillon/persistence';
import type { QueuedMessage } from './queued-message.ts';

/** Messages of a stored session that are kept in memory; what comes after them stays in the store. */
const headLength = 256;

/** With no more than so many in memory the next page is read: it is there before the last of them is sent. */
const fewInHead = 128;

/**
 * The messages that wait in a session, in order. Of a session that is stored only the head is in memory:
 *
 *     ┌─ head (memory) ─┬─ tail (store only) ─┐
 *     │ 5 6 7 … 260     │ 261 262 … 9000      │ ◄─ new messages
 *     └─────────────────┴─────────────────────┘
 *
 * A ring would save the array's shift; arrays of this length shift in a few nanoseconds.
 */
export class MessageQueue {
  #head: QueuedMessage[] = [];
  #first = 0;
  #tailLength = 0;
  #tailBytes = 0;
  #readLength = 0;
  #readBytes = 0;
  #readUpTo = 0;
  #headBytes = 0;
  #nextSequence: number;
  #lastRead = 0;

  constructor(summary: QueueSummary) {
    this.#tailLength = summary.length;
    this.#tailBytes = summary.bytes;
    this.#nextSequence = summary.lastSequence + 1;
  }

  get length(): number {
    return this.#head.length - this.#first + this.#tailLength;
  }

  get bytes(): number {
    return this.#headBytes + this.#tailBytes;
  }

  /** Whether there are messages that only the store has. */
  get hasTail(): boolean {
    return this.#tailLength > 0;
  }

  get headIsEmpty(): boolean {
    return this.#first === this.#head.length;
  }

  /** Whether it is time to read more of the tail, if there is one. */
  get headIsShort(): boolean {
    return this.#head.length - this.#first <= fewInHead;
  }

  takeSequence(): number {
    return this.takeSequences(1);
  }

  takeSequences(count: number): number {
    const first = this.#nextSequence;
    this.#nextSequence += count;
    return first;
  }

  peek(): QueuedMessage | undefined {
    return this.#head[this.#first];
  }

  shift(): QueuedMessage | undefined {
    const entry = this.#head[this.#first];
    if (entry === undefined) return undefined;
    this.#first++;
    this.#headBytes -= entry.bytes;
    if (this.#first > 64 && this.#first * 2 > this.#head.length) {
      this.#head = this.#head.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  /** Appends; with `stored`, what goes beyond the head is only counted here and read from the store later. */
  push(entry: QueuedMessage, stored: boolean): void {
    if (stored && (this.#tailLength > 0 || this.#head.length - this.#first >= headLength)) {
      this.#tailLength++;
      this.#tailBytes += entry.bytes;
      return;
    }
    this.#head.push(entry);
    this.#headBytes += entry.bytes;
    this.#lastRead = entry.sequence;
  }

  /** Up to where the store has been read. */
  get lastRead(): number {
    return this.#lastRead;
  }

  /** The store will be asked for a page of the tail as it is now. */
  noteReading(): void {
    this.#readLength = this.#tailLength;
    this.#readBytes = this.#tailBytes;
    this.#readUpTo = this.#nextSequence - 1;
  }

  /** What came since it was asked for may yet be refused, though the store has it already: it is left there. */
  wasAskedFor({ sequence }: { readonly sequence: number }): boolean {
    return sequence <= this.#readUpTo;
  }

  /**
   * A page of the tail was read from the store. An empty one says that what was counted when it was asked for
   * is not there, because the store refused it; what came since may be.
   */
  notePage(page: readonly QueuedMessage[]): void {
    if (page.length === 0) {
      this.#tailLength -= this.#readLength;
      this.#tailBytes -= this.#readBytes;
      return;
    }
    for (const entry of page) {
      this.#lastRead = entry.sequence;
      this.#tailLength = Math.max(0, this.#tailLength - 1);
      this.#tailBytes = Math.max(0, this.#tailBytes - entry.bytes);
    }
  }

  /** Of what was counted, so much cannot be read and is gone. */
  noteLoss({ length, bytes }: QueueLoss): void {
    this.#tailLength = Math.max(0, this.#tailLength - length);
    this.#tailBytes = Math.max(0, this.#tailBytes - bytes);
    this.#readLength = Math.max(0, this.#readLength - length);
    this.#readBytes = Math.max(0, this.#readBytes - bytes);
  }

  /** A message of that page waits, and is part of the head now. */
  refill(entry: QueuedMessage): void {
    this.#head.push(entry);
    this.#headBytes += entry.bytes;
  }

  remove(entry: QueuedMessage): boolean {
    const index = this.#head.indexOf(entry, this.#first);
    if (index === -1) return false;
    this.#head.splice(index, 1);
    this.#headBytes -= entry.bytes;
    return true;
  }

  /** What is in memory, in order. */
  *entries(): IterableIterator<QueuedMessage> {
    for (let i = this.#first; i < this.#head.length; i++) {
      const entry = this.#head[i];
      if (entry !== undefined) yield entry;
    }
  }
}
