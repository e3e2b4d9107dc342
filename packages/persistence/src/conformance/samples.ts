import type { Message } from '../message.ts';
import type { QueueEntry, SessionRecord, SubscriptionRecord, WillRecord } from '../records.ts';
import type { StoreOperation } from '../store.ts';

/** An instant in 2023, in milliseconds since 1970. */
export const someInstant = 1_700_000_000_000;

/** ASCII only. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function aMessage(text: string, differing: Partial<Message> = {}): Message {
  return {
    topic: 'rooms/12/clock',
    payload: bytesOf(text),
    qos: 1,
    retain: false,
    properties: {},
    origin: 'client',
    publisherId: 'publisher',
    receivedAt: someInstant,
    expiresAt: undefined,
    ...differing,
  };
}

export function anEntry(sequence: number, differing: Partial<QueueEntry> = {}): QueueEntry {
  return {
    sequence,
    message: differing.message ?? aMessage(`message ${sequence}`),
    qos: 1,
    retain: false,
    subscriptionIdentifiers: [],
    share: undefined,
    packetId: 0,
    state: 'queued',
    ...differing,
  };
}

export function aSession(clientId: string, differing: Partial<SessionRecord> = {}): SessionRecord {
  return {
    clientId,
    protocolVersion: 5,
    sessionExpiryInterval: 3600,
    createdAt: someInstant,
    disconnectedAt: someInstant + 1,
    identity: undefined,
    groups: [],
    mountPoint: '',
    ...differing,
  };
}

export function aSubscription(
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

export function aWill(text: string, differing: Partial<WillRecord> = {}): WillRecord {
  const { receivedAt: _, expiresAt: __, ...message } = aMessage(text, { topic: 'last/words' });
  return { message, delayInterval: 0, dueAt: undefined, ...differing };
}

/** Every field and flag is away from its default. */
export function fullMessage(text: string): Message {
  return {
    topic: 'rooms/12/tür/時計',
    payload: Uint8Array.from([0, 255, 128, 10, 13, 34, ...bytesOf(text)]),
    qos: 2,
    retain: true,
    properties: {
      payloadFormatIndicator: 1,
      messageExpiryInterval: 4_294_967_295,
      contentType: 'text/plain; charset=utf-8',
      responseTopic: 'answers/7',
      correlationData: Uint8Array.from([0, 1, 254, 255]),
      userProperties: [
        ['same name', 'first'],
        ['same name', 'second'],
        ['', ''],
      ],
    },
    origin: 'bridge',
    publisherId: 'the other broker',
    receivedAt: someInstant + 2,
    expiresAt: someInstant + 3_600_002,
  };
}

export function putSession(clientId: string, differing: Partial<SessionRecord> = {}): StoreOperation {
  return { do: 'putSession', session: aSession(clientId, differing) };
}

export function putSubscription(
  clientId: string,
  filter: string,
  differing: Partial<SubscriptionRecord> = {},
): StoreOperation {
  return { do: 'putSubscription', clientId, subscription: aSubscription(filter, differing) };
}

export function enqueue(
  clientId: string,
  sequence: number,
  differing: Partial<QueueEntry> = {},
): StoreOperation {
  return { do: 'enqueue', clientId, entry: anEntry(sequence, differing) };
}

/** Entries `from` to `to`, both included, each with a message of its own. */
export function enqueueMany(clientId: string, from: number, to: number): StoreOperation[] {
  return Array.from({ length: to - from + 1 }, (_, index) => enqueue(clientId, from + index));
}

/** One of everything that belongs to a session, and the session. */
export function everythingOf(clientId: string): StoreOperation[] {
  return [
    putSession(clientId),
    putSubscription(clientId, 'rooms/#'),
    putSubscription(clientId, 'rooms/+/clock'),
    enqueue(clientId, 1),
    enqueue(clientId, 2, { packetId: 7, state: 'sent' }),
    { do: 'putInboundId', clientId, packetId: 11 },
    { do: 'putWill', clientId, will: aWill(`last words of ${clientId.slice(0, 20)}`) },
  ];
}
