import type { StoreOperation } from '@carillon/persistence';
import { BundlePlan } from './bundle-plan.ts';
import type { Change } from './database.ts';
import type { Gathered } from './gather.ts';
import { keyOf } from './keys.ts';
import { QueuePlan } from './queue-plan.ts';
import type { StoreIndex } from './store-index.ts';
import { messageCodec, numberCodec, sessionCodec, subscriptionCodec, willCodec } from './values.ts';

/**
 * One batch of the engine on its way to one batch of the database. Operations are applied in order to an
 * overlay of keys, so that the last word about a key counts; the index learns of it only when the database
 * has it.
 */
export class BatchPlan {
  readonly #index: StoreIndex;
  readonly #gathered: Gathered;
  /** `undefined` deletes. */
  readonly #changes = new Map<string, Uint8Array | undefined>();
  readonly #keysOfClients = new Map<string, Set<string>>();
  /** By client id; undefined when the session is deleted. */
  readonly #queues = new Map<string, QueuePlan | undefined>();
  readonly #bundles: BundlePlan;
  #sessions = 0;

  constructor(index: StoreIndex, gathered: Gathered, operations: readonly StoreOperation[]) {
    this.#index = index;
    this.#gathered = gathered;
    this.#bundles = new BundlePlan(index, gathered.bundleCounts);
    for (const operation of operations) this.#apply(operation);
    const overlay = {
      put: (key: string, value: Uint8Array): void => this.#put(key, value),
      remove: (key: string): void => this.#remove(key),
    };
    for (const queue of this.#queues.values()) queue?.noteMessages();
    for (const queue of this.#queues.values()) queue?.write(overlay);
    this.#bundles.write(overlay);
  }

  changes(): Change[] {
    return Array.from(
      this.#changes,
      ([key, value]): Change => (value === undefined ? { type: 'del', key } : { type: 'put', key, value }),
    );
  }

  /** The database has the batch: the index follows. */
  settle(): void {
    for (const [clientId, queue] of this.#queues) {
      if (queue === undefined) this.#index.queues.delete(clientId);
      else queue.settle(this.#index);
    }
    this.#bundles.settle();
  }

  #apply(operation: StoreOperation): void {
    switch (operation.do) {
      case 'enqueue':
        this.#queueOf(operation.clientId)?.enqueue(operation.entry);
        return;
      case 'markSent':
        this.#queueOf(operation.clientId)?.markSent(operation.sequence, operation.packetId, operation.state);
        return;
      case 'dequeue':
        this.#queueOf(operation.clientId)?.dequeue(operation.sequence);
        return;
      case 'putSession':
        this.#putSession(operation.session.clientId, sessionCodec.write(operation.session));
        return;
      case 'deleteSession':
        this.#deleteSession(operation.clientId);
        return;
      case 'putSubscription': {
        const { clientId, subscription } = operation;
        const key = keyOf.subscription(clientId, subscription.filter);
        this.#putOf(clientId, key, subscriptionCodec.write(subscription));
        return;
      }
      case 'deleteSubscription':
        this.#remove(keyOf.subscription(operation.clientId, operation.filter));
        return;
      case 'putInboundId': {
        const { clientId, packetId } = operation;
        this.#putOf(clientId, keyOf.inboundId(clientId, packetId), numberCodec.write(packetId));
        return;
      }
      case 'deleteInboundId':
        this.#remove(keyOf.inboundId(operation.clientId, operation.packetId));
        return;
      case 'putWill':
        this.#putOf(operation.clientId, keyOf.will(operation.clientId), willCodec.write(operation.will));
        return;
      case 'deleteWill':
        this.#remove(keyOf.will(operation.clientId));
        return;
      case 'putRetained':
        this.#put(keyOf.retained(operation.message.topic), messageCodec.write(operation.message));
        return;
      case 'deleteRetained':
        this.#remove(keyOf.retained(operation.topic));
        return;
    }
  }

  #putSession(clientId: string, record: Uint8Array): void {
    if (this.#queueOf(clientId)?.known?.hasSession === false) this.#deleteSession(clientId);
    if (this.#queueOf(clientId) === undefined) this.#planQueue(clientId, undefined);
    this.#putOf(clientId, keyOf.session(clientId), record);
  }

  #deleteSession(clientId: string): void {
    const queue = this.#queueOf(clientId);
    if (queue === undefined) return;
    const stored = this.#gathered.sessions.get(clientId);
    // A session that was made in this batch, after another was deleted, has nothing stored of its own.
    if (stored !== undefined && queue.known !== undefined) queue.releaseAll(stored.chunks);
    for (const key of stored?.keys ?? []) this.#remove(key);
    for (const key of this.#keysOfClients.get(clientId) ?? []) this.#remove(key);
    this.#keysOfClients.delete(clientId);
    this.#queues.set(clientId, undefined);
  }

  /** Undefined when there is no such session: what belongs to it would never be read nor deleted. */
  #queueOf(clientId: string): QueuePlan | undefined {
    const planned = this.#queues.get(clientId);
    if (planned !== undefined || this.#queues.has(clientId)) return planned;
    const known = this.#index.queues.get(clientId);
    return known === undefined ? undefined : this.#planQueue(clientId, known);
  }

  #planQueue(clientId: string, known: QueuePlan['known']): QueuePlan {
    const plan = new QueuePlan(clientId, ++this.#sessions, known, this.#gathered, this.#bundles);
    this.#queues.set(clientId, plan);
    return plan;
  }

  #put(key: string, value: Uint8Array): void {
    this.#changes.set(key, value);
  }

  /** As put, if the session is there, remembering that the key goes when the session goes. */
  #putOf(clientId: string, key: string, value: Uint8Array): void {
    if (this.#queueOf(clientId) === undefined) return;
    this.#put(key, value);
    const keys = this.#keysOfClients.get(clientId);
    if (keys === undefined) this.#keysOfClients.set(clientId, new Set([key]));
    else keys.add(key);
  }

  #remove(key: string): void {
    this.#changes.set(key, undefined);
  }
}
