import { mergeQueues } from './merge-queues.ts';
import type { Store, StoredRecord, StoreOperation } from './store.ts';

/** A part of what a store holds, as a batch that puts it into another one. */
export interface StorePage {
  readonly operations: readonly StoreOperation[];
  /** How many entries all queues have together, as far as the sessions up to here tell. */
  readonly expectedEntries: number;
}

/** How a store is read from beginning to end. */
export interface ReadStoreOptions {
  /**
   * Queues that are read side by side: a message that waits in several of them stays one message. Memory grows with
   * it. Default 100; 1 for a store that reads queues fast only one after the other.
   */
  readonly queuesTogether?: number;
}

/** How a copy is made. */
export interface CopyStoreOptions extends ReadStoreOptions {
  /** Told after each batch. */
  readonly progress?: (progress: CopyProgress) => void;
}

/** How far a copy has come. */
export interface CopyProgress {
  /** Sessions, subscriptions, inbound packet identifiers, Wills and retained messages. */
  readonly records: number;
  /** Entries of queues. */
  readonly entries: number;
  readonly expectedEntries: number;
}

/** The store that was to be filled has something in it. */
export class StoreNotEmptyError extends Error {
  override readonly name = 'StoreNotEmptyError';
  readonly code = 'STORE_NOT_EMPTY';

  constructor(store: string) {
    super(`${store} is not empty: give an empty one, so that nothing in it is mixed up or lost`);
  }
}

/** Records in one batch. */
const recordsTogether = 1_000;

/**
 * Copies everything that one store holds into another, whatever they are made of: sessions, subscriptions, queues
 * with their delivery states, packet identifiers, Wills and retained messages. Both have been opened, and nothing
 * else was asked of them; they are closed by whoever opened them.
 *
 * @throws {StoreNotEmptyError} when there is anything in `to`; nothing is changed in it then.
 * @throws whatever a store throws. What was copied until then is in `to`.
 * @example
 * ```ts
 * const [from, to] = [aedesLevelFolder('./aedes-data'), levelStore({ location: './carillon-data' })];
 * await from.open();
 * await to.open();
 * const { records, entries } = await copyStore(from, to);
 * ```
 */
export async function copyStore(
  from: Store,
  to: Store,
  { progress, ...options }: CopyStoreOptions = {},
): Promise<CopyProgress> {
  await refuseContents(to);
  let done: CopyProgress = { records: 0, entries: 0, expectedEntries: 0 };
  for await (const page of readStore(from, options)) {
    await to.commit(page.operations, to.supports.durability);
    done = progressAfter(done, page);
    progress?.(done);
  }
  return done;
}

/** What has been done when this page is done, too. */
export function progressAfter(
  { records, entries }: CopyProgress,
  { operations, expectedEntries }: StorePage,
): CopyProgress {
  const enqueued = operations.filter(({ do: change }) => change === 'enqueue').length;
  return {
    records: records + operations.length - enqueued,
    entries: entries + enqueued,
    expectedEntries: Math.max(expectedEntries, entries + enqueued),
  };
}

/**
 * Loads a store that is to be filled.
 *
 * @throws {StoreNotEmptyError} when something comes.
 */
export async function refuseContents(store: Store): Promise<void> {
  for await (const _ of store.load()) throw new StoreNotEmptyError(store.name);
}

/**
 * Everything that a store holds, as batches for an empty one: a session comes before what belongs to it, each queue
 * in its order, and all entries of a message together as far as possible. The store has been opened and not loaded.
 */
export async function* readStore(
  store: Store,
  { queuesTogether = 100 }: ReadStoreOptions = {},
): AsyncGenerator<StorePage> {
  const clientIds: string[] = [];
  let expectedEntries = 0;
  let operations: StoreOperation[] = [];
  for await (const record of store.load()) {
    if (record.kind === 'session') {
      clientIds.push(record.session.clientId);
      expectedEntries += record.queue.length;
    }
    operations.push(putting(record));
    if (operations.length < recordsTogether) continue;
    yield { operations, expectedEntries };
    operations = [];
  }
  if (operations.length > 0) yield { operations, expectedEntries };
  for (let first = 0; first < clientIds.length; first += queuesTogether) {
    const together = clientIds.slice(first, first + queuesTogether);
    for await (const batch of mergeQueues(store, together)) yield { operations: batch, expectedEntries };
  }
}

function putting(record: StoredRecord): StoreOperation {
  switch (record.kind) {
    case 'session':
      return { do: 'putSession', session: record.session };
    case 'subscription':
      return { do: 'putSubscription', clientId: record.clientId, subscription: record.subscription };
    case 'inboundId':
      return { do: 'putInboundId', clientId: record.clientId, packetId: record.packetId };
    case 'will':
      return { do: 'putWill', clientId: record.clientId, will: record.will };
    case 'retained':
      return { do: 'putRetained', message: record.message };
  }
}
