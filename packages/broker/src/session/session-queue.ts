import type { DropReason } from '@carillon/hooks';
import type { QueueEntry, QueueSummary } from '@carillon/persistence';
import type { Engine } from '../engine.ts';
import { MessageQueue } from './message-queue.ts';
import type { OutboxJournal } from './outbox-journal.ts';
import { QueueLimits } from './queue-limits.ts';
import { type QueuedMessage, restoredMessage } from './queued-message.ts';
import type { Session } from './session.ts';
import { TailReader } from './tail-reader.ts';

/** Who sends what waits. */
export interface QueueSender {
  /** A message that waited was given up. */
  gaveUp(entry: QueuedMessage, reason: DropReason): void;
  /** The store has a message whose delivery was begun by the last process; false when it has to wait like any other. */
  takeBegun(entry: QueuedMessage): boolean;
  /** There is more in memory than before. */
  refilled(): void;
}

/** What waits in a session, wherever it lies: reads what only the store has, and keeps all of it within its limits. */
export class SessionQueue {
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #messages: MessageQueue;
  readonly #journal: OutboxJournal;
  readonly #sender: QueueSender;
  #tail: TailReader | undefined = undefined;
  #limits: QueueLimits | undefined = undefined;
  /** A store that could not be read is asked again when nothing is left to send, and not at every message until then. */
  #readFailed = false;

  constructor(
    engine: Engine,
    session: Session,
    summary: QueueSummary,
    journal: OutboxJournal,
    sender: QueueSender,
  ) {
    this.#engine = engine;
    this.#session = session;
    this.#messages = new MessageQueue(summary);
    this.#journal = journal;
    this.#sender = sender;
  }

  get length(): number {
    return this.#messages.length;
  }

  get bytes(): number {
    return this.#messages.bytes;
  }

  /** Whether there are messages that only the store has. */
  get hasTail(): boolean {
    return this.#messages.hasTail;
  }

  /** The sequence number after which only the store knows what waits; undefined when there is no such part. */
  get tailBegin(): number | undefined {
    return this.#messages.hasTail ? this.#messages.lastRead : undefined;
  }

  takeSequence(): number {
    return this.#messages.takeSequence();
  }

  /** For so many messages in a row; gives the first. */
  takeSequences(count: number): number {
    return this.#messages.takeSequences(count);
  }

  /** The next one; undefined when there is none, or none in memory yet. */
  peek(): QueuedMessage | undefined {
    const next = this.#messages.peek();
    if (next === undefined) this.#readTail();
    return next;
  }

  shift(): QueuedMessage | undefined {
    const next = this.#messages.shift();
    // A disk is slower than a reader: it is asked before the last one has gone.
    if (this.#messages.hasTail && this.#messages.headIsShort && !this.#readFailed) this.#readTail();
    return next;
  }

  push(entry: QueuedMessage): void {
    this.#journal.queued(entry);
    this.#messages.push(entry, this.#journal.keeps(entry));
  }

  /** Takes an entry out, wherever it stands. */
  remove(entry: QueuedMessage): void {
    // In the tail it is not found; no page is read before the store, should it have it, has taken it out.
    this.#messages.remove(entry);
    this.#journal.dequeued(entry);
  }

  /** What is in memory, in order. */
  entries(): QueuedMessage[] {
    return [...this.#messages.entries()];
  }

  /** The session is over: gives back what is in memory, and leaves the store as it is. */
  takeAll(): QueuedMessage[] {
    const all = this.entries();
    for (const entry of all) this.#messages.remove(entry);
    return all;
  }

  /** Undefined when there is, or was made, room for one more message of so many bytes; else what is full. */
  makeRoom(bytes: number): DropReason | undefined {
    return this.#boundedBy().makeRoom(bytes);
  }

  discardOldest(reason: DropReason): void {
    const oldest = this.shift();
    if (oldest === undefined) return;
    this.#journal.dequeued(oldest);
    this.#sender.gaveUp(oldest, reason);
  }

  #boundedBy(): QueueLimits {
    this.#limits ??= new QueueLimits(this.#engine, this.#session, this.#messages, {
      discardOldest: (reason) => this.discardOldest(reason),
      readTail: () => this.#readTail(),
    });
    return this.#limits;
  }

  #readTail(): void {
    if (!this.#messages.hasTail) return;
    this.#tail ??= new TailReader(this.#engine, this.#session.clientId, {
      takePage: (page) => this.#takePage(page),
      lost: (loss) => this.#messages.noteLoss(loss),
      failed: () => {
        this.#readFailed = true;
      },
    });
    if (this.#tail.isReading) return;
    this.#messages.noteReading();
    this.#tail.readAfter(this.#messages.lastRead);
  }

  #takePage(page: readonly QueueEntry[]): void {
    // Somebody else reads what an ended session has left, or nobody.
    if (this.#session.hasEnded) return;
    this.#readFailed = false;
    const entries = page.filter((entry) => this.#messages.wasAskedFor(entry)).map(restoredMessage);
    this.#messages.notePage(entries);
    for (const entry of entries) {
      if (entry.state === 'queued' || !this.#sender.takeBegun(entry)) this.#messages.refill(entry);
    }
    this.#boundedBy().dropOverflow();
    this.#sender.refilled();
  }
}
