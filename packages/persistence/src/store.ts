import type { Message } from './message.ts';
import type {
  QueueEntry,
  QueueLoss,
  QueueSummary,
  SessionRecord,
  SubscriptionRecord,
  WillRecord,
} from './records.ts';

/** A plain answer, or a promise of one. Who asks awaits only promises. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * What an acknowledgement promises: nothing beyond this process (`memory`), in the hands of the operating
 * system and so safe from kill -9 (`written`), flushed to the disk and so safe from a power cut (`synced`).
 */
export type Durability = 'memory' | 'written' | 'synced';

/**
 * One change to the stored state. The engine gathers those of a turn into one batch, in the order in which
 * they happened; a later one about the same thing wins. What concerns a session, a queue entry or anything else
 * that is not there changes nothing.
 */
export type StoreOperation =
  /** Creates or replaces the record of a session; what belongs to the session stays. */
  | { readonly do: 'putSession'; readonly session: SessionRecord }
  /** Forgets a session with all that belongs to it: subscriptions, queue, packet identifiers, Will. */
  | { readonly do: 'deleteSession'; readonly clientId: string }
  | { readonly do: 'putSubscription'; readonly clientId: string; readonly subscription: SubscriptionRecord }
  | { readonly do: 'deleteSubscription'; readonly clientId: string; readonly filter: string }
  /**
   * Appends to the session's queue, or replaces the entry with the same `sequence`. All enqueues of one message stand in one
   * batch and refer to the same `Message` object, so that its body can be stored once.
   */
  | { readonly do: 'enqueue'; readonly clientId: string; readonly entry: QueueEntry }
  /** The entry was sent under `packetId` (`sent`), or its PUBREC came (`released`). */
  | {
      readonly do: 'markSent';
      readonly clientId: string;
      readonly sequence: number;
      readonly packetId: number;
      readonly state: 'sent' | 'released';
    }
  /** The entry was delivered, dropped or has expired. */
  | { readonly do: 'dequeue'; readonly clientId: string; readonly sequence: number }
  /** The identifier of a QoS 2 PUBLISH from the client is taken until its PUBREL. */
  | { readonly do: 'putInboundId'; readonly clientId: string; readonly packetId: number }
  | { readonly do: 'deleteInboundId'; readonly clientId: string; readonly packetId: number }
  | { readonly do: 'putWill'; readonly clientId: string; readonly will: WillRecord }
  | { readonly do: 'deleteWill'; readonly clientId: string }
  | { readonly do: 'putRetained'; readonly message: Message }
  | { readonly do: 'deleteRetained'; readonly topic: string };

/** What `load` yields: everything the engine keeps in memory. A session precedes what belongs to it. */
export type StoredRecord =
  | { readonly kind: 'session'; readonly session: SessionRecord; readonly queue: QueueSummary }
  | { readonly kind: 'subscription'; readonly clientId: string; readonly subscription: SubscriptionRecord }
  | { readonly kind: 'inboundId'; readonly clientId: string; readonly packetId: number }
  | { readonly kind: 'will'; readonly clientId: string; readonly will: WillRecord }
  | { readonly kind: 'retained'; readonly message: Message };

/** How much one read of a queue may bring: it ends at whichever is reached first, but brings one entry at least. */
export interface PageLimits {
  readonly entries: number;
  /** Topics and payloads. */
  readonly bytes: number;
}

/** What a store can promise. Whoever wants more than it supports is told at start. */
export interface StoreCapabilities {
  /** The strongest promise that its `commit` can keep. */
  readonly durability: Durability;
  /** A batch is stored whole or not at all, whatever happens in between. */
  readonly atomicBatches: boolean;
  /** What was committed is there for the next process. */
  readonly restart: boolean;
}

/**
 * What the engine asks of a store. The engine keeps its index in memory, loads it once, and from then on only
 * commits batches and reads pages of queues; it never waits for a store per message.
 *
 * A method may throw or reject: the engine refuses what it could not store, tells the `storeFailed` hook,
 * and goes on. Calls never overlap with `open` or `close`, and at most one `commit` is under way; queues may be
 * read meanwhile.
 *
 * `@carillon/persistence/conformance` has the tests that every store should pass.
 */
export interface Store {
  /** Names the store in logs and errors. */
  readonly name: string;
  readonly supports: StoreCapabilities;
  /** Called once, before anything else. */
  open(): MaybePromise<void>;
  /** Yields everything that was stored, in a stream. Called once, after `open`. */
  load(): AsyncIterable<StoredRecord> | Iterable<StoredRecord>;
  /**
   * Stores the batch whole, with the promise `durability`, before it returns (or its promise resolves). With
   * `memory` nothing need outlive the process, but queues have to be readable all the same.
   * When it throws or rejects nothing of the batch may be acknowledged.
   */
  commit(batch: readonly StoreOperation[], durability: Durability): MaybePromise<void>;
  /**
   * The entries of a session's queue with a sequence above `after`, in order; empty when there are none. A store that
   * finds some of them damaged leaves them out, and calls `lost` before it answers: then the engine counts as it does.
   */
  readQueue(
    clientId: string,
    after: number,
    limits: PageLimits,
    lost?: (loss: QueueLoss) => void,
  ): MaybePromise<readonly QueueEntry[]>;
  /**
   * Which of two messages from `readQueue` came first, when `receivedAt` is the same: below 0 for `a`, above 0 for
   * `b`, 0 when they are one message or nobody knows. Every queue has to be in this order. Only for stores that do
   * not know when a message came, and only copies ask: without it they may keep one message several times.
   */
  compareMessages?(a: Message, b: Message): number;
  /** Lets go of everything it holds. Called once; all commits are done by then. */
  close(): MaybePromise<void>;
}
