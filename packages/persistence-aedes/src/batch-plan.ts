import type { QueueEntry, StoreOperation, SubscriptionRecord } from '@carillon/persistence';
import type { AedesPacket } from './aedes-packet.ts';
import { foreignSlot } from './session-slot.ts';
import { SessionState } from './session-state.ts';
import { matchedApart } from './stored-subscriptions.ts';

/** What a batch comes to for one client. */
export class ClientPlan {
  readonly clientId: string;
  /** Undefined when the session ends. */
  state: SessionState | undefined;
  /** Everything that is stored under the client id has to go first. */
  reset = false;
  /** The broker id of the Will that has to go with it. */
  resetWill: string | undefined = undefined;
  /** The session is new to the store. */
  create = false;
  /** By filter; undefined for those that end. */
  readonly subscriptions = new Map<string, SubscriptionRecord | undefined>();
  /** By sequence number, in the order of arrival. */
  readonly enqueue = new Map<number, AedesPacket>();
  readonly remove = new Set<number>();
  /** Undefined when nothing changes, null when it goes. */
  will: AedesPacket | null | undefined = undefined;
  /** Entries above this number are stored by nobody yet. */
  storedUpTo: number;

  constructor(clientId: string, state: SessionState | undefined) {
    this.clientId = clientId;
    this.state = state;
    this.storedUpTo = state?.highest ?? 0;
  }

  begin(state: SessionState): void {
    this.state = state;
    this.create = true;
    this.reset = true;
    this.storedUpTo = 0;
    state.mustBeWritten = true;
  }

  end(): void {
    this.resetWill ??= this.state?.willBroker;
    this.state = undefined;
    this.reset = true;
    this.create = false;
    this.will = undefined;
    this.subscriptions.clear();
    this.enqueue.clear();
    this.remove.clear();
  }
}

type SessionOperation = Exclude<
  StoreOperation,
  { do: 'putSession' | 'deleteSession' | 'putRetained' | 'deleteRetained' }
>;

/**
 * What a batch comes to. Operations about the same thing become one: a message that is queued, sent and
 * acknowledged within a batch is never stored, and no key is written twice, so writes can go side by side.
 */
export class BatchPlan {
  readonly clients = new Map<string, ClientPlan>();
  /** By topic. */
  readonly retained = new Map<string, AedesPacket>();
  readonly #sessions: Map<string, SessionState>;
  /** Whether enqueuing again replaces; where not, the old entry is removed first. */
  readonly #enqueueReplaces: boolean;

  /** @param sessions All there are; they are changed as the operations say. */
  constructor(sessions: Map<string, SessionState>, enqueueReplaces: boolean) {
    this.#sessions = sessions;
    this.#enqueueReplaces = enqueueReplaces;
  }

  /** @param packet What the operation stores, if it is a packet. */
  add(operation: StoreOperation, packet: AedesPacket | undefined): void {
    switch (operation.do) {
      case 'putRetained':
      case 'deleteRetained':
        if (packet !== undefined) this.retained.set(packet.topic, packet);
        return;
      case 'putSession':
        this.#putSession(operation.session.clientId, operation.session);
        return;
      case 'deleteSession':
        // What is stored for a client id without session goes when a session is created.
        if (this.#sessions.delete(operation.clientId)) this.#planOf(operation.clientId).end();
        return;
      default: {
        const state = this.#sessions.get(operation.clientId);
        if (state !== undefined) {
          this.#addToSession(this.#planOf(operation.clientId), state, operation, packet);
        }
      }
    }
  }

  #putSession(clientId: string, session: SessionState['session']): void {
    const plan = this.#planOf(clientId);
    const known = this.#sessions.get(clientId);
    if (known !== undefined) {
      known.session = session;
      known.mustBeWritten = true;
      return;
    }
    const state = new SessionState({ ...foreignSlot(clientId, 0), session });
    this.#sessions.set(clientId, state);
    plan.begin(state);
  }

  #addToSession(
    plan: ClientPlan,
    state: SessionState,
    operation: SessionOperation,
    packet: AedesPacket | undefined,
  ): void {
    switch (operation.do) {
      case 'putSubscription': {
        const { subscription } = operation;
        plan.subscriptions.set(subscription.filter, subscription);
        state.match(subscription.filter, matchedApart(subscription));
        return;
      }
      case 'deleteSubscription':
        plan.subscriptions.set(operation.filter, undefined);
        state.match(operation.filter, undefined);
        return;
      case 'enqueue':
        if (packet !== undefined) this.#enqueue(plan, state, operation.entry, packet);
        return;
      case 'markSent': {
        const { sequence, packetId, state: reached } = operation;
        state.deliver(sequence, { packetId, state: reached });
        return;
      }
      case 'dequeue':
        plan.enqueue.delete(operation.sequence);
        if (operation.sequence <= plan.storedUpTo) plan.remove.add(operation.sequence);
        // The slot need not be written for it: a delivery without entry means nothing.
        state.deliveries.delete(operation.sequence);
        return;
      case 'putInboundId':
        state.inboundIds.add(operation.packetId);
        state.mustBeWritten = true;
        return;
      case 'deleteInboundId':
        state.inboundIds.delete(operation.packetId);
        state.mustBeWritten = true;
        return;
      case 'putWill':
        plan.will = packet;
        return;
      case 'deleteWill':
        plan.will = null;
        return;
    }
  }

  #enqueue(
    plan: ClientPlan,
    state: SessionState,
    { sequence, packetId, state: reached }: QueueEntry,
    packet: AedesPacket,
  ): void {
    if (sequence <= plan.storedUpTo && !this.#enqueueReplaces) {
      plan.remove.add(sequence);
      state.isDisordered = true;
    }
    plan.enqueue.set(sequence, packet);
    state.use(sequence);
    if (reached === 'queued') state.undeliver(sequence);
    else state.deliver(sequence, { packetId, state: reached });
  }

  #planOf(clientId: string): ClientPlan {
    let plan = this.clients.get(clientId);
    if (plan === undefined) {
      plan = new ClientPlan(clientId, this.#sessions.get(clientId));
      this.clients.set(clientId, plan);
    }
    return plan;
  }
}
