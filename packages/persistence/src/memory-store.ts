import type { Message } from './message.ts';
import type { QueueEntry, QueueSummary, SessionRecord, SubscriptionRecord, WillRecord } from './records.ts';
import type { PageLimits, Store, StoreCapabilities, StoredRecord, StoreOperation } from './store.ts';

interface StoredSession {
  record: SessionRecord;
  readonly subscriptions: Map<string, SubscriptionRecord>;
  /** In order of sequence: entries are only ever appended, replaced or taken out. */
  readonly queue: Map<number, QueueEntry>;
  lastSequence: number;
  readonly inboundIds: Set<number>;
  will: WillRecord | undefined;
}

/**
 * Keeps everything in this process: the default. Nothing survives the process, but a store that is handed to
 * a second broker after the first was closed brings the first one's sessions along, which is what tests of a
 * restart want.
 *
 * @example
 * ```ts
 * const broker = createBroker({ persistence: memoryStore() });
 * ```
 */
export function memoryStore(): Store {
  return new MemoryStore();
}

class MemoryStore implements Store {
  readonly name = 'memory';
  readonly supports: StoreCapabilities = { durability: 'memory', atomicBatches: true, restart: false };
  readonly #sessions = new Map<string, StoredSession>();
  readonly #retained = new Map<string, Message>();

  open(): void {}

  close(): void {}

  *load(): Iterable<StoredRecord> {
    for (const [clientId, session] of this.#sessions) {
      yield { kind: 'session', session: session.record, queue: summarize(session) };
      for (const subscription of session.subscriptions.values()) {
        yield { kind: 'subscription', clientId, subscription };
      }
      for (const packetId of session.inboundIds) yield { kind: 'inboundId', clientId, packetId };
      if (session.will !== undefined) yield { kind: 'will', clientId, will: session.will };
    }
    for (const message of this.#retained.values()) yield { kind: 'retained', message };
  }

  commit(batch: readonly StoreOperation[]): void {
    for (const operation of batch) this.#apply(operation);
  }

  readQueue(clientId: string, after: number, limits: PageLimits): readonly QueueEntry[] {
    const page: QueueEntry[] = [];
    let bytes = 0;
    for (const entry of this.#sessions.get(clientId)?.queue.values() ?? []) {
      if (entry.sequence <= after) continue;
      bytes += sizeOf(entry.message);
      if (page.length > 0 && (page.length >= limits.entries || bytes > limits.bytes)) break;
      page.push(entry);
    }
    return page;
  }

  #apply(operation: StoreOperation): void {
    switch (operation.do) {
      case 'putSession':
        this.#putSession(operation.session);
        return;
      case 'deleteSession':
        this.#sessions.delete(operation.clientId);
        return;
      case 'putRetained':
        this.#retained.set(operation.message.topic, operation.message);
        return;
      case 'deleteRetained':
        this.#retained.delete(operation.topic);
        return;
      default: {
        const session = this.#sessions.get(operation.clientId);
        if (session !== undefined) applyToSession(session, operation);
      }
    }
  }

  #putSession(record: SessionRecord): void {
    const known = this.#sessions.get(record.clientId);
    if (known !== undefined) {
      known.record = record;
      return;
    }
    this.#sessions.set(record.clientId, {
      record,
      subscriptions: new Map(),
      queue: new Map(),
      lastSequence: 0,
      inboundIds: new Set(),
      will: undefined,
    });
  }
}

type SessionOperation = Exclude<
  StoreOperation,
  { do: 'putSession' | 'deleteSession' | 'putRetained' | 'deleteRetained' }
>;

function applyToSession(session: StoredSession, operation: SessionOperation): void {
  switch (operation.do) {
    case 'putSubscription':
      session.subscriptions.set(operation.subscription.filter, operation.subscription);
      return;
    case 'deleteSubscription':
      session.subscriptions.delete(operation.filter);
      return;
    case 'enqueue':
      session.queue.set(operation.entry.sequence, operation.entry);
      session.lastSequence = Math.max(session.lastSequence, operation.entry.sequence);
      return;
    case 'markSent': {
      const entry = session.queue.get(operation.sequence);
      if (entry === undefined) return;
      const { packetId, state } = operation;
      session.queue.set(operation.sequence, { ...entry, packetId, state });
      return;
    }
    case 'dequeue':
      session.queue.delete(operation.sequence);
      return;
    case 'putInboundId':
      session.inboundIds.add(operation.packetId);
      return;
    case 'deleteInboundId':
      session.inboundIds.delete(operation.packetId);
      return;
    case 'putWill':
      session.will = operation.will;
      return;
    case 'deleteWill':
      session.will = undefined;
      return;
  }
}

function summarize(session: StoredSession): QueueSummary {
  let bytes = 0;
  for (const entry of session.queue.values()) bytes += sizeOf(entry.message);
  return { length: session.queue.size, bytes, lastSequence: session.lastSequence };
}

function sizeOf(message: Message): number {
  return message.topic.length + message.payload.length;
}
