import type { Message } from '../message.ts';
import type { QueueEntry, QueueSummary, SessionRecord, SubscriptionRecord, WillRecord } from '../records.ts';
import type { Durability, PageLimits, Store, StoredRecord, StoreOperation } from '../store.ts';
import { assert, shown } from './assert.ts';
import type { StoreConformanceOptions } from './options.ts';

export const noLimits: PageLimits = {
  entries: Number.MAX_SAFE_INTEGER,
  bytes: Number.MAX_SAFE_INTEGER,
};

/** What a session is after it was loaded. */
export interface SessionContents {
  readonly session: SessionRecord;
  readonly queue: QueueSummary;
  readonly subscriptions: Map<string, SubscriptionRecord>;
  readonly inboundIds: Set<number>;
  will: WillRecord | undefined;
}

/** All that a store yielded. */
export interface Contents {
  readonly sessions: ReadonlyMap<string, SessionContents>;
  readonly retained: ReadonlyMap<string, Message>;
}

/** The store that a test is about, used as the broker uses it. */
export class Subject {
  readonly #options: StoreConformanceOptions;
  #store: Store;

  private constructor(options: StoreConformanceOptions, store: Store) {
    this.#options = options;
    this.#store = store;
  }

  /** An empty store, opened and loaded. */
  static async open(options: StoreConformanceOptions): Promise<Subject> {
    const subject = new Subject(options, await options.createStore());
    await subject.#store.open();
    const { sessions, retained } = await subject.load();
    assert(
      sessions.size === 0 && retained.size === 0,
      `createStore has to make an empty store: it holds ${sessions.size} sessions and ${retained.size} retained messages`,
    );
    return subject;
  }

  get store(): Store {
    return this.#store;
  }

  /** What is promised where a test does not care: enough to find it again, without a flush for each batch. */
  get plainDurability(): Durability {
    return this.#store.supports.durability === 'memory' ? 'memory' : 'written';
  }

  async commit(...operations: readonly StoreOperation[]): Promise<void> {
    await this.#store.commit(operations, this.plainDurability);
  }

  async queue(clientId: string, after = 0, limits = noLimits): Promise<readonly QueueEntry[]> {
    return this.#store.readQueue(clientId, after, limits);
  }

  async sequences(clientId: string, after = 0, limits = noLimits): Promise<number[]> {
    return (await this.queue(clientId, after, limits)).map(({ sequence }) => sequence);
  }

  /** Closes the store and opens what the next process would open. */
  async restart(): Promise<Contents> {
    const { reopenStore } = this.#options;
    assert(reopenStore !== undefined, 'this test needs reopenStore');
    await this.#store.close();
    this.#store = await reopenStore(this.#store);
    await this.#store.open();
    return this.load();
  }

  async close(): Promise<void> {
    await this.#store.close();
    await this.#options.disposeStore?.(this.#store);
  }

  /** Reads the stream, and holds it to its rules: what belongs to a session follows it, nothing comes twice. */
  async load(): Promise<Contents> {
    const sessions = new Map<string, SessionContents>();
    const retained = new Map<string, Message>();
    for await (const record of this.#store.load()) {
      if (record.kind === 'retained') {
        const { topic } = record.message;
        assert(!retained.has(topic), `load yields the retained message of ${shown(topic)} twice`);
        retained.set(topic, record.message);
      } else {
        takeRecord(sessions, record);
      }
    }
    return { sessions, retained };
  }
}

type RecordOfSession = Exclude<StoredRecord, { kind: 'retained' }>;

function takeRecord(sessions: Map<string, SessionContents>, record: RecordOfSession): void {
  if (record.kind === 'session') {
    const { session, queue } = record;
    const { clientId } = session;
    assert(!sessions.has(clientId), `load yields the session ${shown(clientId)} twice`);
    const belongings = { subscriptions: new Map(), inboundIds: new Set<number>(), will: undefined };
    sessions.set(clientId, { session, queue, ...belongings });
    return;
  }
  const session = sessions.get(record.clientId);
  const what = `of ${shown(record.clientId)}`;
  assert(session !== undefined, `load yields a ${record.kind} ${what} before that session, or without it`);
  switch (record.kind) {
    case 'subscription': {
      const { subscription } = record;
      const { filter } = subscription;
      assert(
        !session.subscriptions.has(filter),
        `load yields the subscription ${shown(filter)} ${what} twice`,
      );
      session.subscriptions.set(filter, subscription);
      return;
    }
    case 'inboundId':
      assert(
        !session.inboundIds.has(record.packetId),
        `load yields the inbound id ${record.packetId} ${what} twice`,
      );
      session.inboundIds.add(record.packetId);
      return;
    case 'will':
      assert(session.will === undefined, `load yields two Wills ${what}`);
      session.will = record.will;
      return;
  }
}
