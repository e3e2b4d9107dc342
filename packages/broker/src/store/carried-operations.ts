import type { StoreOperation } from '@carillon/persistence';

/** More than this is not carried: the oldest are let go, and a restart may deliver some messages again. */
const mostCarried = 100_000;

/** What was refused or undone when its batch failed, and must not come back with a later one. */
const undone: ReadonlySet<StoreOperation['do']> = new Set([
  'enqueue',
  'putSubscription',
  'deleteSubscription',
  'putInboundId',
]);

/**
 * Changes of a failed batch that are true all the same: messages that were delivered, sessions that ended.
 * They go along with the next batch, so that the store catches up with memory as soon as it works again.
 */
export class CarriedOperations {
  #operations: readonly StoreOperation[] = [];

  get isEmpty(): boolean {
    return this.#operations.length === 0;
  }

  /** The carried ones in front of those of a new batch. */
  before(operations: readonly StoreOperation[]): readonly StoreOperation[] {
    return this.isEmpty ? operations : [...this.#operations, ...operations];
  }

  /** A batch failed, carried operations included. */
  keep(failed: readonly StoreOperation[]): void {
    const stillTrue = failed.filter((operation) => !undone.has(operation.do));
    this.#operations = stillTrue.slice(-mostCarried);
  }

  clear(): void {
    this.#operations = [];
  }
}
