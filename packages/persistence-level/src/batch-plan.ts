import type { Message, QueueEntry, QueueSummary, StoreOperation } from '@carillon/persistence';
import type { Change } from './database.ts';
import type { Gathered } from './gather.ts';
import { keyOf } from './keys.ts';
import { type EntryFacts, emptySummary, type StoreIndex } from './store-index.ts';
import {
  deliveryCodec,
  entryCodec,
  messageCodec,
  numberCodec,
  sessionCodec,
  subscriptionCodec,
  summaryCodec,
  willCodec,
} from './values.ts';

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
  readonly #summaries = new Map<string, QueueSummary | undefined>();
  readonly #entries = new Map<string, EntryFacts | undefined>();
  readonly #counts = new Map<number, number>();
  readonly #bodies = new Map<Message, number>();
  readonly #receivers: ReadonlyMap<Message, number>;
  #nextBody: number;

  constructor(index: StoreIndex, gathered: Gathered, operations: readonly StoreOperation[]) {
    this.#index = index;
    this.#gathered = gathered;
    this.#nextBody = index.nextBody;
    this.#receivers = countReceivers(operations);
    for (const operation of operations) this.#apply(operation);
    for (const [clientId, summary] of this.#summaries) {
      if (summary !== undefined) this.#put(keyOf.queueSummary(clientId), summaryCodec.write(summary));
    }
    for (const [number, count] of this.#counts) this.#writeCount(number, count);
  }

  changes(): Change[] {
    return Array.from(
      this.#changes,
      ([key, value]): Change => (value === undefined ? { type: 'del', key } : { type: 'put', key, value }),
    );
  }

  /** The database has the batch: the index follows. */
  settle(): void {
    const { summaries, entries, counts } = this.#index;
    this.#index.nextBody = this.#nextBody;
    for (const [clientId, summary] of this.#summaries) {
      if (summary === undefined) summaries.delete(clientId);
      else summaries.set(clientId, summary);
    }
    for (const [key, facts] of this.#entries) {
      if (facts === undefined) entries.delete(key);
      else entries.set(key, facts);
    }
    for (const [number, count] of this.#counts) {
      const key = keyOf.bodyCount(number);
      if (count <= 0) counts.delete(key);
      else counts.set(key, count);
    }
  }

  #apply(operation: StoreOperation): void {
    switch (operation.do) {
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
        this.#delete(keyOf.subscription(operation.clientId, operation.filter));
        return;
      case 'enqueue':
        this.#enqueue(operation.clientId, operation.entry);
        return;
      case 'markSent': {
        const { clientId, sequence, packetId, state } = operation;
        if (this.#factsOf(keyOf.queueEntry(clientId, sequence)) === undefined) return;
        this.#putOf(clientId, keyOf.delivery(clientId, sequence), deliveryCodec.write({ packetId, state }));
        return;
      }
      case 'dequeue':
        this.#dequeue(operation.clientId, operation.sequence);
        return;
      case 'putInboundId': {
        const { clientId, packetId } = operation;
        this.#putOf(clientId, keyOf.inboundId(clientId, packetId), numberCodec.write(packetId));
        return;
      }
      case 'deleteInboundId':
        this.#delete(keyOf.inboundId(operation.clientId, operation.packetId));
        return;
      case 'putWill':
        this.#putOf(operation.clientId, keyOf.will(operation.clientId), willCodec.write(operation.will));
        return;
      case 'deleteWill':
        this.#delete(keyOf.will(operation.clientId));
        return;
      case 'putRetained':
        this.#put(keyOf.retained(operation.message.topic), messageCodec.write(operation.message));
        return;
      case 'deleteRetained':
        this.#delete(keyOf.retained(operation.topic));
        return;
    }
  }

  #putSession(clientId: string, record: Uint8Array): void {
    if (this.#summaryOf(clientId) === undefined) this.#summaries.set(clientId, emptySummary);
    this.#putOf(clientId, keyOf.session(clientId), record);
  }

  #deleteSession(clientId: string): void {
    if (this.#summaryOf(clientId) === undefined) return;
    for (const key of this.#gathered.sessionKeys.get(clientId) ?? []) this.#forgetKey(key);
    for (const key of this.#keysOfClients.get(clientId) ?? []) this.#forgetKey(key);
    this.#keysOfClients.delete(clientId);
    this.#delete(keyOf.queueSummary(clientId));
    this.#summaries.set(clientId, undefined);
  }

  #forgetKey(key: string): void {
    const facts = this.#factsOf(key);
    if (facts !== undefined) this.#forgetEntry(key, facts);
    this.#delete(key);
  }

  #enqueue(clientId: string, entry: QueueEntry): void {
    const summary = this.#summaryOf(clientId);
    // A queue without its session would never be read nor deleted.
    if (summary === undefined) return;
    const { message, sequence, packetId, state } = entry;
    const key = keyOf.queueEntry(clientId, sequence);
    const body = this.#bodyFor(message);
    const bytes = message.topic.length + message.payload.length;
    const known = this.#factsOf(key);
    if (known !== undefined) this.#forgetEntry(key, known);
    this.#putOf(clientId, key, entryCodec.write({ entry, content: body ?? message, bytes }));
    this.#entries.set(key, { bytes, body });
    if (body !== undefined) this.#counts.set(body, this.#countOf(body) + 1);
    this.#summaries.set(clientId, {
      length: summary.length + (known === undefined ? 1 : 0),
      bytes: summary.bytes + bytes - (known?.bytes ?? 0),
      lastSequence: Math.max(summary.lastSequence, sequence),
    });
    const delivery = keyOf.delivery(clientId, sequence);
    if (state !== 'queued') this.#putOf(clientId, delivery, deliveryCodec.write({ packetId, state }));
    else if (known !== undefined) this.#delete(delivery);
  }

  #dequeue(clientId: string, sequence: number): void {
    const key = keyOf.queueEntry(clientId, sequence);
    const facts = this.#factsOf(key);
    const summary = this.#summaryOf(clientId);
    if (facts === undefined || summary === undefined) return;
    this.#forgetEntry(key, facts);
    this.#delete(key);
    this.#delete(keyOf.delivery(clientId, sequence));
    const { length, bytes, lastSequence } = summary;
    this.#summaries.set(clientId, { length: length - 1, bytes: bytes - facts.bytes, lastSequence });
  }

  /** The entry no longer counts; its body goes with the last entry that refers to it. */
  #forgetEntry(key: string, { body }: EntryFacts): void {
    this.#entries.set(key, undefined);
    if (body !== undefined) this.#counts.set(body, this.#countOf(body) - 1);
  }

  /** A number for a body that several sessions wait for; a message with one receiver needs none. */
  #bodyFor(message: Message): number | undefined {
    if ((this.#receivers.get(message) ?? 0) < 2) return undefined;
    const known = this.#bodies.get(message);
    if (known !== undefined) return known;
    const number = this.#nextBody++;
    this.#bodies.set(message, number);
    this.#put(keyOf.body(number), messageCodec.write(message));
    return number;
  }

  #writeCount(number: number, count: number): void {
    if (count > 0) {
      this.#put(keyOf.bodyCount(number), numberCodec.write(count));
      return;
    }
    this.#delete(keyOf.bodyCount(number));
    this.#delete(keyOf.body(number));
  }

  #summaryOf(clientId: string): QueueSummary | undefined {
    return this.#summaries.has(clientId)
      ? this.#summaries.get(clientId)
      : this.#index.summaries.get(clientId);
  }

  #factsOf(key: string): EntryFacts | undefined {
    if (this.#entries.has(key)) return this.#entries.get(key);
    return this.#index.entries.get(key) ?? this.#gathered.entries.get(key);
  }

  #countOf(number: number): number {
    const known = this.#counts.get(number);
    if (known !== undefined) return known;
    const key = keyOf.bodyCount(number);
    return this.#index.counts.get(key) ?? this.#gathered.counts.get(key) ?? 0;
  }

  #put(key: string, value: Uint8Array): void {
    this.#changes.set(key, value);
  }

  /** As put, if the session is there, remembering that the key goes when the session goes. */
  #putOf(clientId: string, key: string, value: Uint8Array): void {
    if (this.#summaryOf(clientId) === undefined) return;
    this.#put(key, value);
    const keys = this.#keysOfClients.get(clientId);
    if (keys === undefined) this.#keysOfClients.set(clientId, new Set([key]));
    else keys.add(key);
  }

  #delete(key: string): void {
    this.#changes.set(key, undefined);
  }
}

function countReceivers(operations: readonly StoreOperation[]): Map<Message, number> {
  const receivers = new Map<Message, number>();
  for (const operation of operations) {
    if (operation.do !== 'enqueue') continue;
    const { message } = operation.entry;
    receivers.set(message, (receivers.get(message) ?? 0) + 1);
  }
  return receivers;
}
