import type { DropReason } from '@carillon/hooks';
import type { Engine } from '../engine.ts';
import type { MessageQueue } from './message-queue.ts';
import type { Session } from './session.ts';

/** What the limits of a queue make its owner do. */
export interface QueueOwner {
  discardOldest(reason: DropReason): void;
  /** Asks for more of what only the store has, when nothing of the queue is left in memory. */
  readTail(): void;
}

/** Keeps a session's queue within its limits. What has expired makes room first; then the policy decides. */
export class QueueLimits {
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #queue: MessageQueue;
  readonly #owner: QueueOwner;

  constructor(engine: Engine, session: Session, queue: MessageQueue, owner: QueueOwner) {
    this.#engine = engine;
    this.#session = session;
    this.#queue = queue;
    this.#owner = owner;
  }

  /** Undefined when the queue has, or was given, room for one more message of so many bytes; else what is full. */
  makeRoom(bytes: number): DropReason | undefined {
    const couldFit = bytes <= this.#session.queueLimits.maximumQueuedBytes;
    const dropsOldest = this.#dropsOldest && couldFit;
    for (let full = this.#overflow(1, bytes); full !== undefined; full = this.#overflow(1, bytes)) {
      const oldest = this.#queue.peek();
      const isExpired = oldest?.content.hasExpired(this.#engine.now()) === true;
      if (oldest !== undefined && (isExpired || dropsOldest)) {
        this.#owner.discardOldest(isExpired ? 'expired' : full);
        continue;
      }
      this.#owner.readTail();
      // The oldest are in the store: they are dropped when they have been read.
      const dropsLater = oldest === undefined && dropsOldest && this.#queue.hasTail;
      return dropsLater ? undefined : full;
    }
    return undefined;
  }

  /** What came while the oldest messages were still to be read has put the queue over its limits. */
  dropOverflow(): void {
    if (!this.#dropsOldest) return;
    for (let full = this.#overflow(0, 0); full !== undefined; full = this.#overflow(0, 0)) {
      if (this.#queue.headIsEmpty) {
        this.#owner.readTail();
        return;
      }
      this.#owner.discardOldest(full);
    }
  }

  get #dropsOldest(): boolean {
    return this.#engine.options.queueOverflow === 'drop-oldest';
  }

  /** Which limit the queue would be over with so much more. */
  #overflow(messages: number, bytes: number): DropReason | undefined {
    const { maximumQueuedMessages, maximumQueuedBytes } = this.#session.queueLimits;
    if (this.#queue.length + messages > maximumQueuedMessages) return 'queue-full';
    return this.#queue.bytes + bytes > maximumQueuedBytes ? 'queue-bytes' : undefined;
  }
}
