import type { Logger, Scheduler } from '@carillon/hooks';
import { asError } from '@carillon/hooks/checks';
import type { Durability, MaybePromise, StoreOperation } from '@carillon/persistence';
import type { Deadline, Deadlines } from '../time/deadlines.ts';
import { isPromise } from '../when-done.ts';
import { CarriedOperations } from './carried-operations.ts';
import { isStronger, type Storage } from './storage.ts';

/** Something that may only happen once the batch of its turn is stored. */
export interface HeldBack {
  stored(): void;
  failed(error: Error): void;
}

/** Whoever gathered output during a turn. */
export interface Flushable {
  flush(): void;
}

/** Milliseconds until a store that failed is asked again: doubled with each failure, up to the longest. */
const shortestWait = 100;
const longestWait = 5000;

interface Batch {
  readonly operations: readonly StoreOperation[];
  readonly heldBack: readonly HeldBack[];
  readonly durability: Durability;
}

interface GatheringBatch extends Batch {
  durability: Durability;
  readonly operations: StoreOperation[];
  readonly heldBack: HeldBack[];
}

/**
 * What is gathered during a turn and leaves together at its end: one batch for the store, then what waited
 * for it, then one write for each connection that has output.
 *
 *     operations ─► commit ─► held back (acknowledgements, QoS 2 copies) ─┐
 *     other output ───────────────────────────────────────────────────────┴─► flush
 *
 * While one commit is under way the next batch gathers: the number of commits does not grow with the number
 * of messages.
 *
 * A commit that failed refuses what was held back for it; what stays true goes along with the next one. A
 * store that fails again and again is asked less and less often, and all that needs it is refused meanwhile.
 */
export class Turn {
  readonly #scheduler: Scheduler;
  readonly #storage: Storage;
  readonly #logger: Logger;
  readonly #storeFailed: (error: Error) => void;
  readonly #endTask = (): void => this.#end();
  #gathering: GatheringBatch = { operations: [], heldBack: [], durability: 'memory' };
  #marked: Flushable[] = [];
  #endIsDue = false;
  #committing: Promise<void> | undefined = undefined;
  #gatheringNumber = 1;
  #committedNumber = 0;
  readonly #carried = new CarriedOperations();
  /** What waits until the store has taken what is carried. */
  #untilCaughtUp: (() => void)[] = [];
  /** Whoever has more for the store than may wait. */
  #untilTaken: (() => void)[] = [];
  readonly #retry: Deadline;
  /** Commits that failed in a row. */
  #failures = 0;
  #lastFailure: Error | undefined = undefined;
  #isOver = false;

  constructor(options: {
    scheduler: Scheduler;
    deadlines: Deadlines;
    storage: Storage;
    logger: Logger;
    storeFailed: (error: Error) => void;
  }) {
    this.#scheduler = options.scheduler;
    this.#storage = options.storage;
    this.#retry = options.deadlines.create(() => this.#commit());
    this.#logger = options.logger;
    this.#storeFailed = options.storeFailed;
  }

  /** The number of the batch that `record` adds to. */
  get number(): number {
    return this.#gatheringNumber;
  }

  /** Whether the batch of that number has been stored (or failed). Batch 0 always has. */
  isSettled(number: number): boolean {
    return number <= this.#committedNumber;
  }

  /** Whether this turn's batch has anything in it so far. */
  get hasOperations(): boolean {
    return this.#gathering.operations.length > 0;
  }

  /** How much waits for the store to be done with the batch before. */
  get waiting(): number {
    return this.#gathering.operations.length + this.#gathering.heldBack.length;
  }

  /** Resolves when the store next takes what waits for it. */
  whenTaken(): Promise<void> {
    return new Promise((resolve) => this.#untilTaken.push(resolve));
  }

  /** Whether the store knows everything: nothing is gathered, under way or carried. */
  get isQuiet(): boolean {
    return !this.hasOperations && this.#committing === undefined && this.#carried.isEmpty;
  }

  /** Adds a change to this turn's batch, which is stored with the strongest promise that any of them needs. */
  record(operation: StoreOperation, durability: Durability = this.#storage.durability): void {
    const batch = this.#gathering;
    batch.operations.push(operation);
    if (isStronger(durability, batch.durability)) batch.durability = durability;
    this.#endSoon();
  }

  /** The operation stays true when its batch fails: it goes along with the next one. */
  owe(operation: StoreOperation): void {
    this.#carried.owe(operation);
  }

  /** For what has failed: undoes it with the next batch, because the store may have it all the same. */
  undo(operation: StoreOperation): void {
    this.#carried.add(operation);
  }

  /** Holds something back until this turn's batch is stored. */
  hold(held: HeldBack): void {
    this.#gathering.heldBack.push(held);
    this.#endSoon();
  }

  /** Runs `run` once this turn's batch is stored; should that fail, once the store has caught up with it. */
  holdUntilStored(run: () => void): void {
    this.hold({ stored: run, failed: () => this.whenCaughtUp(run) });
  }

  /** For what was held back and has failed, and stays true: runs `run` once the store has what is carried. */
  whenCaughtUp(run: () => void): void {
    this.#untilCaughtUp.push(run);
  }

  /** The connection will be asked to `flush` at the end of the turn; it marks itself only once. */
  mark(output: Flushable): void {
    this.#marked.push(output);
    this.#endSoon();
  }

  /** Settles when everything recorded so far is stored or has failed. */
  async settled(): Promise<void> {
    while (this.hasOperations || this.#gathering.heldBack.length > 0 || this.#committing !== undefined) {
      if (this.#committing === undefined) {
        this.#retry.cancel();
        this.#end();
      }
      await this.#committing;
    }
  }

  /** The store is asked nothing any more: it is about to close. */
  stop(): void {
    this.#isOver = true;
    this.#retry.cancel();
  }

  #endSoon(): void {
    if (this.#endIsDue) return;
    this.#endIsDue = true;
    this.#scheduler.atEndOfTurn(this.#endTask);
  }

  #end(): void {
    this.#endIsDue = false;
    this.#commit();
    this.#flush();
  }

  #commit(): void {
    if (this.#committing !== undefined || this.#isOver) return;
    const batch = this.#gathering;
    const nobodyWaits = batch.heldBack.length === 0;
    if (nobodyWaits && batch.operations.length === 0 && !this.#mustCatchUp) return;
    // A store that has failed is asked again when somebody waits for it, or when its time has come.
    if (nobodyWaits && this.#retry.isSet) return;
    this.#gathering = { operations: [], heldBack: [], durability: 'memory' };
    const taken = this.#untilTaken;
    this.#untilTaken = [];
    for (const run of taken) run();
    const number = this.#gatheringNumber++;
    const operations = this.#carried.before(batch.operations);
    if (isStronger(this.#carried.durability, batch.durability)) batch.durability = this.#carried.durability;
    if (this.#isDown() && operations.length > 0) {
      this.#settle({ ...batch, operations }, number, this.#lastFailure);
      return;
    }
    const committed = this.#tryCommit(operations, batch.durability);
    if (isPromise(committed)) {
      this.#committing = committed.then((error) => {
        this.#committing = undefined;
        this.#finish({ ...batch, operations }, number, error);
        this.#end();
      });
    } else {
      this.#finish({ ...batch, operations }, number, committed);
    }
  }

  get #mustCatchUp(): boolean {
    return !this.#carried.isEmpty || this.#untilCaughtUp.length > 0;
  }

  /** The store failed again and again, and it is not yet time to ask it once more. */
  #isDown(): boolean {
    return this.#failures > 1 && this.#retry.isSet;
  }

  #tryCommit(operations: readonly StoreOperation[], durability: Durability): MaybePromise<Error | undefined> {
    if (operations.length === 0) return undefined;
    try {
      const pending = this.#storage.store.commit(operations, durability);
      return isPromise(pending) ? pending.then(() => undefined, asError) : undefined;
    } catch (error) {
      return asError(error);
    }
  }

  /** The store has answered: the batch is settled, and after a failure it will be asked again. */
  #finish(batch: Batch, number: number, error: Error | undefined): void {
    if (error !== undefined) {
      this.#lastFailure = error;
      this.#retry.setIn(Math.min(longestWait, shortestWait * 2 ** this.#failures++));
      this.#storeFailed(error);
    } else if (this.#failures > 0 && batch.operations.length > 0) {
      this.#logger.info(
        { store: this.#storage.store.name, failures: this.#failures },
        'the store works again',
      );
      this.#failures = 0;
      this.#retry.cancel();
    }
    this.#settle(batch, number, error);
  }

  #settle(batch: Batch, number: number, error: Error | undefined): void {
    this.#committedNumber = number;
    if (error === undefined) {
      this.#carried.clear();
      const caughtUp = this.#untilCaughtUp;
      this.#untilCaughtUp = [];
      for (const run of caughtUp) this.#release(run);
    } else this.#carried.keep(batch.operations, batch.durability);
    for (const held of batch.heldBack) {
      this.#release(() => (error === undefined ? held.stored() : held.failed(error)));
    }
  }

  #release(run: () => void): void {
    try {
      run();
    } catch (fault) {
      this.#logger.error({ err: fault }, 'what was held back until the store had committed failed');
    }
  }

  #flush(): void {
    const marked = this.#marked;
    if (marked.length === 0) return;
    this.#marked = [];
    for (const output of marked) output.flush();
  }
}
