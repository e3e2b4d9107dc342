import type { Durability, StoreOperation } from '@carillon/persistence';

/** More than this is not carried: the oldest are let go, and a restart may deliver some messages again. */
const mostCarried = 100_000;

/** What was refused or undone when its batch failed, and must not come back with a later one. */
const undone: ReadonlySet<StoreOperation['do']> = new Set([
  'putSubscription',
  'deleteSubscription',
  'putInboundId',
]);

/**
 * What waits in a queue was refused, or its publisher sends it again. A QoS 2 message that is in flight was never
 * refused, a retained one as a rule: it leaves as soon as the store has its identifier, so the store has to get it.
 */
function isStillTrue(operation: StoreOperation): boolean {
  if (operation.do !== 'enqueue') return !undone.has(operation.do);
  return operation.entry.qos === 2 && operation.entry.state !== 'queued';
}

/**
 * Changes of a failed batch that are true all the same: messages that were delivered, sessions that ended.
 * They go along with the next batch, so that the store catches up with memory as soon as it works again.
 */
export class CarriedOperations {
  #operations: readonly StoreOperation[] = [];
  /** So many of them, the first ones, stand in the batch that is under way. */
  #underWay = 0;
  #durability: Durability = 'memory';
  /** Stay true, whatever they do. */
  readonly #owed = new WeakSet<StoreOperation>();

  get isEmpty(): boolean {
    return this.#operations.length === 0;
  }

  /** What the failed batches were to promise: it is still owed. */
  get durability(): Durability {
    return this.#durability;
  }

  /** The operation is carried, should its batch fail: what it enqueues was neither refused nor will be sent again. */
  owe(operation: StoreOperation): void {
    this.#owed.add(operation);
  }

  /** Undoes what a failed batch was to do: the store may have it after all. */
  add(operation: StoreOperation): void {
    this.#operations = [...this.#operations, operation];
  }

  /** The carried ones in front of those of a new batch. */
  before(operations: readonly StoreOperation[]): readonly StoreOperation[] {
    this.#underWay = this.#operations.length;
    return this.isEmpty ? operations : [...this.#operations, ...operations];
  }

  /** A batch failed, carried operations included. */
  keep(failed: readonly StoreOperation[], durability: Durability): void {
    const stillTrue = failed
      .slice(this.#underWay)
      .filter((operation) => this.#owed.has(operation) || isStillTrue(operation));
    this.#operations = [...this.#operations, ...stillTrue].slice(-mostCarried);
    this.#underWay = 0;
    this.#durability = durability;
  }

  /** The batch is stored. */
  clear(): void {
    this.#operations = this.#operations.slice(this.#underWay);
    this.#underWay = 0;
    if (this.isEmpty) this.#durability = 'memory';
  }
}
