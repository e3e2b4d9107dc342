import {
  type Durability,
  type MaybePromise,
  memoryStore,
  type PageLimits,
  type QueueEntry,
  type Store,
  type StoredRecord,
  type StoreOperation,
} from '@carillon/persistence';

/** What the engine read of a queue. */
export interface QueueRead {
  readonly clientId: string;
  readonly after: number;
  readonly limits: PageLimits;
}

/** A commit that was begun, and whose outcome the test decides. */
interface HeldCommit {
  keep(): void;
  done(): void;
  fail(error: Error): void;
}

/**
 * A store in memory that keeps a record of what it was asked, and that a test can slow down: while it holds,
 * a commit is done, or fails, when the test says so.
 */
export class RecordingStore implements Store {
  readonly name = 'recording';
  readonly #memory = memoryStore();
  readonly supports = this.#memory.supports;
  /** Every batch so far, begun or done. */
  readonly batches: (readonly StoreOperation[])[] = [];
  readonly reads: QueueRead[] = [];
  #isHolding = false;
  #thrownNext: Error | undefined;
  #failedRead: Error | undefined;
  #readsWaitFor: Promise<void> | undefined;
  #readsBeginAt: Promise<void> | undefined;
  #held: HeldCommit | undefined;

  /** From now on a commit waits for `letOneGo`, `failOne` or `release`. */
  hold(): void {
    this.#isHolding = true;
  }

  /** The commit under way is done. Throws when there is none. */
  letOneGo(): void {
    const held = this.#takeHeld();
    held.keep();
    held.done();
  }

  /** The commit under way fails, and has stored nothing. */
  failOne(error = new Error('the disk is full')): void {
    this.#takeHeld().fail(error);
  }

  /** The commit under way fails, and has stored everything all the same. */
  keepAndFailOne(error = new Error('nobody knows whether it was stored')): void {
    const held = this.#takeHeld();
    held.keep();
    held.fail(error);
  }

  /** The commit under way is done, and those that follow are done at once. */
  release(): void {
    this.#isHolding = false;
    if (this.#held !== undefined) this.letOneGo();
  }

  /** The next commit throws, and has stored nothing. */
  throwNext(error: Error): void {
    this.#thrownNext = error;
  }

  /** Reads of queues that begin from now on bring what there was, but not before this. */
  delayReadsUntil(moment: Promise<void>): void {
    this.#readsWaitFor = moment;
  }

  /** Reads of queues that begin from now on bring what there is at that moment. */
  putReadsOffUntil(moment: Promise<void>): void {
    this.#readsBeginAt = moment;
  }

  /** The next read of a queue rejects. */
  failNextRead(error: Error): void {
    this.#failedRead = error;
  }

  /** Whether a commit is under way. */
  get isCommitting(): boolean {
    return this.#held !== undefined;
  }

  /** What the operations of all batches do, in order. */
  get done(): string[] {
    return this.batches.flatMap((batch) => batch.map((operation) => operation.do));
  }

  open(): MaybePromise<void> {
    return this.#memory.open();
  }

  load(): AsyncIterable<StoredRecord> | Iterable<StoredRecord> {
    return this.#memory.load();
  }

  commit(batch: readonly StoreOperation[], durability: Durability): MaybePromise<void> {
    if (this.#held !== undefined) throw new Error('two commits overlap');
    const thrown = this.#thrownNext;
    this.#thrownNext = undefined;
    if (thrown !== undefined) throw thrown;
    this.batches.push(batch);
    if (!this.#isHolding) return this.#memory.commit(batch, durability);
    return new Promise<void>((resolve, reject) => {
      this.#held = {
        keep: () => void this.#memory.commit(batch, durability),
        done: resolve,
        fail: reject,
      };
    });
  }

  readQueue(clientId: string, after: number, limits: PageLimits): MaybePromise<readonly QueueEntry[]> {
    this.reads.push({ clientId, after, limits });
    const failure = this.#failedRead;
    this.#failedRead = undefined;
    if (failure !== undefined) return Promise.reject(failure);
    const read = () => this.#memory.readQueue(clientId, after, limits);
    if (this.#readsBeginAt !== undefined) return this.#readsBeginAt.then(read);
    const page = read();
    return this.#readsWaitFor === undefined ? page : this.#readsWaitFor.then(() => page);
  }

  close(): MaybePromise<void> {
    return this.#memory.close();
  }

  #takeHeld() {
    const held = this.#held;
    if (held === undefined) throw new Error('no commit is under way');
    this.#held = undefined;
    return held;
  }
}
