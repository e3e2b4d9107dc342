import type {
  Message,
  QueueEntry,
  SessionRecord,
  Store,
  StoredRecord,
  StoreOperation,
  SubscriptionRecord,
} from '@carillon/persistence';

export const noLimits = { entries: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY } as const;

export function sampleMessage(text: string, differing: Partial<Message> = {}): Message {
  return {
    topic: 'a/b',
    payload: new TextEncoder().encode(text),
    qos: 1,
    retain: false,
    properties: {},
    origin: 'client',
    publisherId: 'bob',
    receivedAt: 1_000,
    expiresAt: undefined,
    ...differing,
  };
}

export function sampleEntry(sequence: number, differing: Partial<QueueEntry> = {}): QueueEntry {
  return {
    sequence,
    message: sampleMessage(`message ${sequence}`),
    qos: 1,
    retain: false,
    subscriptionIdentifiers: [],
    share: undefined,
    packetId: 0,
    state: 'queued',
    ...differing,
  };
}

export function sampleSession(clientId: string, differing: Partial<SessionRecord> = {}): SessionRecord {
  return {
    clientId,
    protocolVersion: 5,
    sessionExpiryInterval: 3600,
    createdAt: 1_000,
    disconnectedAt: 2_000,
    identity: undefined,
    groups: [],
    mountPoint: '',
    ...differing,
  };
}

export function sampleSubscription(
  filter: string,
  differing: Partial<SubscriptionRecord> = {},
): SubscriptionRecord {
  return {
    filter,
    topicFilter: filter,
    shareName: undefined,
    qos: 1,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: undefined,
    ...differing,
  };
}

export function putSession(clientId: string): StoreOperation {
  return { do: 'putSession', session: sampleSession(clientId) };
}

export function enqueue(clientId: string, ...sequences: number[]): StoreOperation[] {
  return sequences.map((sequence) => ({ do: 'enqueue', clientId, entry: sampleEntry(sequence) }));
}

/** Opens the store and says what was in it. */
export async function loaded(store: Store): Promise<StoredRecord[]> {
  await store.open();
  const records: StoredRecord[] = [];
  for await (const record of store.load()) records.push(record);
  return records;
}

export async function sequences(store: Store, clientId: string, after = 0): Promise<number[]> {
  const page = await store.readQueue(clientId, after, noLimits);
  return page.map(({ sequence }) => sequence);
}
