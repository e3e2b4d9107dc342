import { asError } from '@carillon/hooks/checks';
import type { MaybePromise, QueueEntry, QueueLoss } from '@carillon/persistence';
import type { Engine } from '../engine.ts';
import { isPromise } from '../when-done.ts';

const pageLimits = { entries: 256, bytes: 1024 * 1024 } as const;

/** Who reads a tail. */
export interface PageTaker {
  takePage(page: readonly QueueEntry[]): void;
  /** So much of what was counted cannot be read and is gone. */
  lost(loss: QueueLoss): void;
  /** The page that was asked for does not come. */
  failed(): void;
}

/** Reads the part of a session's queue that only the store has, one page at a time. */
export class TailReader {
  readonly #engine: Engine;
  readonly #clientId: string;
  readonly #taker: PageTaker;
  #isReading = false;

  constructor(engine: Engine, clientId: string, taker: PageTaker) {
    this.#engine = engine;
    this.#clientId = clientId;
    this.#taker = taker;
  }

  /** A page was asked for and has not come. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** Asks for the page after a sequence number, one at a time. */
  readAfter(sequence: number): void {
    this.#isReading = true;
    // What was queued this turn is in the store only when its batch is. Of a batch that failed the store may
    // have kept what was refused: that is not read before it has been taken out.
    this.#engine.turn.holdUntilStored(() => this.#read(sequence));
  }

  #read(sequence: number): void {
    let page: MaybePromise<readonly QueueEntry[]>;
    try {
      page = this.#engine.storage.store.readQueue(this.#clientId, sequence, pageLimits, (loss) =>
        this.#taker.lost(loss),
      );
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (isPromise(page)) {
      page.then(
        (entries) => this.#finish(entries),
        (error: unknown) => this.#failed(error),
      );
    } else {
      this.#finish(page);
    }
  }

  #finish(page: readonly QueueEntry[]): void {
    this.#isReading = false;
    this.#taker.takePage(page);
  }

  #failed(error: unknown): void {
    this.#isReading = false;
    this.#engine.storeFailed('read', asError(error));
    this.#taker.failed();
  }
}
