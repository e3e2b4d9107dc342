import type { Message } from './message.ts';
import type { QueueEntry } from './records.ts';
import { isSameMessage } from './same-message.ts';
import type { PageLimits, Store, StoreOperation } from './store.ts';

type Enqueue = Extract<StoreOperation, { do: 'enqueue' }>;

const page: PageLimits = { entries: 100, bytes: 262_144 };
/** What a batch holds at most, but for the last message. */
const full = { entries: 1_000, bytes: 1_048_576 } as const;

/**
 * The queues of some sessions, side by side in the order in which messages came, so that those which wait in several
 * queues meet again: they become one object, and all their entries stand together in one batch, which a store needs
 * to keep their body once.
 */
export async function* mergeQueues(store: Store, clientIds: readonly string[]): AsyncGenerator<Enqueue[]> {
  const cursors = clientIds.map((clientId) => new QueueCursor(store, clientId));
  let waiting = await readHeads(cursors);
  let batch: Enqueue[] = [];
  let bytes = 0;
  const compare = orderIn(store);
  for (let message = earliestOf(waiting, compare); message; message = earliestOf(waiting, compare)) {
    if (batch.length >= full.entries || bytes >= full.bytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    bytes += message.topic.length + message.payload.length;
    let isPageRead = false;
    for (const cursor of waiting) {
      const { head, clientId } = cursor;
      if (head === undefined || compare(head.message, message) !== 0) continue;
      if (!isSameMessage(head.message, message)) continue;
      batch.push({ do: 'enqueue', clientId, entry: { ...head, message } });
      cursor.advance();
      isPageRead ||= cursor.head === undefined;
    }
    if (isPageRead) waiting = await readHeads(waiting);
  }
  if (batch.length > 0) yield batch;
}

/** Reads on where a page has ended; those whose queue has ended are left out. */
async function readHeads(cursors: readonly QueueCursor[]): Promise<QueueCursor[]> {
  for (const cursor of cursors) if (cursor.head === undefined) await cursor.readPage();
  return cursors.filter(({ head }) => head !== undefined);
}

type Compare = (a: Message, b: Message) => number;

function orderIn(store: Store): Compare {
  return (a, b) => a.receivedAt - b.receivedAt || (store.compareMessages?.(a, b) ?? 0);
}

function earliestOf(cursors: readonly QueueCursor[], compare: Compare): Message | undefined {
  let earliest: Message | undefined;
  for (const { head } of cursors) {
    if (head === undefined) continue;
    if (earliest === undefined || compare(head.message, earliest) < 0) earliest = head.message;
  }
  return earliest;
}

/** A place in a session's queue. */
class QueueCursor {
  readonly clientId: string;
  readonly #store: Store;
  #page: readonly QueueEntry[] = [];
  #place = 0;
  #after = 0;

  constructor(store: Store, clientId: string) {
    this.#store = store;
    this.clientId = clientId;
  }

  get head(): QueueEntry | undefined {
    return this.#page[this.#place];
  }

  advance(): void {
    this.#place++;
  }

  async readPage(): Promise<void> {
    this.#page = await this.#store.readQueue(this.clientId, this.#after, page);
    this.#after = this.#page.at(-1)?.sequence ?? this.#after;
    this.#place = 0;
  }
}
