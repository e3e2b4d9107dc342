import type { Message } from '../message.ts';
import type { QueueEntry, SessionRecord, SubscriptionRecord, WillRecord } from '../records.ts';
import type { StoreOperation } from '../store.ts';
import type { Contents, SessionContents } from './subject.ts';

interface ModelSession {
  session: SessionRecord;
  readonly subscriptions: Map<string, SubscriptionRecord>;
  /** By number, in no order: a model need not be fast. */
  readonly entries: Map<number, QueueEntry>;
  lastSequence: number;
  readonly inboundIds: Set<number>;
  will: WillRecord | undefined;
}

/** What a store has to hold after the operations it was given: the contract in its plainest form. */
export class ModelState {
  readonly #sessions = new Map<string, ModelSession>();
  readonly #retained = new Map<string, Message>();

  apply(operation: StoreOperation): void {
    switch (operation.do) {
      case 'putSession':
        this.#put(operation.session);
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
        if (session !== undefined) change(session, operation);
      }
    }
  }

  queue(clientId: string): QueueEntry[] {
    const entries = this.#sessions.get(clientId)?.entries.values() ?? [];
    return [...entries].sort((one, other) => one.sequence - other.sequence);
  }

  lastSequence(clientId: string): number {
    return this.#sessions.get(clientId)?.lastSequence ?? 0;
  }

  contents(): Contents {
    const sessions = new Map<string, SessionContents>();
    for (const [clientId, { session, subscriptions, inboundIds, will, lastSequence }] of this.#sessions) {
      const entries = this.queue(clientId);
      const bytes = entries.reduce(
        (sum, { message }) => sum + message.topic.length + message.payload.length,
        0,
      );
      const queue = { length: entries.length, bytes, lastSequence };
      sessions.set(clientId, { session, queue, subscriptions, inboundIds, will });
    }
    return { sessions, retained: this.#retained };
  }

  #put(session: SessionRecord): void {
    const known = this.#sessions.get(session.clientId);
    if (known === undefined) {
      this.#sessions.set(session.clientId, {
        session,
        subscriptions: new Map(),
        entries: new Map(),
        lastSequence: 0,
        inboundIds: new Set(),
        will: undefined,
      });
    } else {
      known.session = session;
    }
  }
}

type OperationWithin = Exclude<
  StoreOperation,
  { do: 'putSession' | 'deleteSession' | 'putRetained' | 'deleteRetained' }
>;

function change(session: ModelSession, operation: OperationWithin): void {
  switch (operation.do) {
    case 'putSubscription':
      session.subscriptions.set(operation.subscription.filter, operation.subscription);
      return;
    case 'deleteSubscription':
      session.subscriptions.delete(operation.filter);
      return;
    case 'enqueue':
      session.entries.set(operation.entry.sequence, operation.entry);
      session.lastSequence = Math.max(session.lastSequence, operation.entry.sequence);
      return;
    case 'markSent': {
      const { sequence, packetId, state } = operation;
      const entry = session.entries.get(sequence);
      if (entry !== undefined) session.entries.set(sequence, { ...entry, packetId, state });
      return;
    }
    case 'dequeue':
      session.entries.delete(operation.sequence);
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
