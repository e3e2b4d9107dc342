import type {
  Message,
  MessageOrigin,
  QueueEntry,
  QueueSummary,
  SessionRecord,
  SubscriptionRecord,
  WillRecord,
} from '@carillon/persistence';
import type {
  MessageProperties,
  ProtocolVersion,
  QoS,
  RetainHandling,
  UserProperty,
} from '@carillon/protocol';
import { Packr } from 'msgpackr';
import { Fields } from './fields.ts';

/*
 * Records as MessagePack arrays: the place of a field is its name. New fields are appended, so that an older
 * record reads with a default; anything else is a new format version.
 */

const packr = new Packr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

const origins: readonly MessageOrigin[] = ['client', 'will', 'host', 'bridge', 'system'];
const versions: readonly ProtocolVersion[] = [3, 4, 5];
const qosLevels: readonly QoS[] = [0, 1, 2];
const retainHandlings: readonly RetainHandling[] = [0, 1, 2];

/** A queue entry as stored: the message itself, or the number of its shared body. */
export interface StoredEntry {
  readonly entry: Omit<QueueEntry, 'message' | 'packetId' | 'state' | 'sequence'>;
  readonly content: Message | number;
  /** Of topic and payload, so that the queue's bytes can be counted without the body. */
  readonly bytes: number;
}

/** How far a delivery has come. */
export interface StoredDelivery {
  readonly packetId: number;
  readonly state: 'sent' | 'released';
}

export interface Codec<T> {
  write(value: T): Uint8Array;
  /** Throws an `Error` that says what is wrong with the record. */
  read(bytes: Uint8Array): T;
}

function codec<T>(toFields: (value: T) => unknown[], fromFields: (fields: Fields) => T): Codec<T> {
  return {
    write: (value) => packr.pack(toFields(value)),
    read: (bytes) => fromFields(new Fields(packr.unpack(bytes))),
  };
}

export const numberCodec = codec<number>(
  (value) => [value],
  (fields) => fields.number(0),
);

export const sessionCodec = codec<SessionRecord>(
  (session) => [
    session.clientId,
    session.protocolVersion,
    session.sessionExpiryInterval,
    session.createdAt,
    session.disconnectedAt ?? null,
    session.identity ?? null,
    session.mountPoint,
    session.groups,
  ],
  (fields) => ({
    clientId: fields.text(0),
    protocolVersion: fields.oneOf(1, versions),
    sessionExpiryInterval: fields.number(2),
    createdAt: fields.number(3),
    disconnectedAt: fields.optionalNumber(4),
    identity: fields.optionalText(5),
    mountPoint: fields.text(6),
    groups: fields.isNothing(7) ? [] : fields.texts(7),
  }),
);

export const summaryCodec = codec<QueueSummary>(
  ({ length, bytes, lastSequence }) => [length, bytes, lastSequence],
  (fields) => ({ length: fields.number(0), bytes: fields.number(1), lastSequence: fields.number(2) }),
);

export const subscriptionCodec = codec<SubscriptionRecord>(
  (subscription) => [
    subscription.filter,
    subscription.topicFilter,
    subscription.shareName ?? null,
    subscription.qos,
    subscription.noLocal,
    subscription.retainAsPublished,
    subscription.retainHandling,
    subscription.subscriptionIdentifier ?? null,
  ],
  (fields) => ({
    filter: fields.text(0),
    topicFilter: fields.text(1),
    shareName: fields.optionalText(2),
    qos: fields.oneOf(3, qosLevels),
    noLocal: fields.flag(4),
    retainAsPublished: fields.flag(5),
    retainHandling: fields.oneOf(6, retainHandlings),
    subscriptionIdentifier: fields.optionalNumber(7),
  }),
);

export const messageCodec = codec<Message>(messageFields, readMessage);

export const entryCodec = codec<StoredEntry>(
  ({ entry, content, bytes }) => [
    entry.qos,
    entry.retain,
    entry.subscriptionIdentifiers,
    entry.share ?? null,
    bytes,
    typeof content === 'number' ? content : messageFields(content),
  ],
  (fields) => ({
    entry: {
      qos: fields.oneOf(0, qosLevels),
      retain: fields.flag(1),
      subscriptionIdentifiers: fields.numbers(2),
      share: fields.optionalText(3),
    },
    bytes: fields.number(4),
    content: fields.isNumber(5) ? fields.number(5) : readMessage(fields.inner(5)),
  }),
);

export const deliveryCodec = codec<StoredDelivery>(
  ({ packetId, state }) => [packetId, state === 'released'],
  (fields) => ({ packetId: fields.number(0), state: fields.flag(1) ? 'released' : 'sent' }),
);

export const willCodec = codec<WillRecord>(
  ({ message, delayInterval, dueAt }) => [
    messageFields({ ...message, receivedAt: 0, expiresAt: undefined }),
    delayInterval,
    dueAt ?? null,
  ],
  (fields) => {
    const { receivedAt: _, expiresAt: __, ...message } = readMessage(fields.inner(0));
    return { message, delayInterval: fields.number(1), dueAt: fields.optionalNumber(2) };
  },
);

function messageFields(message: Message): unknown[] {
  return [
    message.topic,
    message.payload,
    message.qos,
    message.retain,
    propertyFields(message.properties),
    origins.indexOf(message.origin),
    message.publisherId,
    message.receivedAt,
    message.expiresAt ?? null,
  ];
}

function readMessage(fields: Fields): Message {
  return {
    topic: fields.text(0),
    payload: fields.bytes(1),
    qos: fields.oneOf(2, qosLevels),
    retain: fields.flag(3),
    properties: fields.isNothing(4) ? {} : readProperties(fields.inner(4)),
    origin: origins[fields.number(5)] ?? 'client',
    publisherId: fields.text(6),
    receivedAt: fields.number(7),
    expiresAt: fields.optionalNumber(8),
  };
}

function propertyFields(properties: MessageProperties): unknown[] | null {
  if (Object.keys(properties).length === 0) return null;
  return [
    properties.payloadFormatIndicator ?? null,
    properties.messageExpiryInterval ?? null,
    properties.contentType ?? null,
    properties.responseTopic ?? null,
    properties.correlationData ?? null,
    properties.userProperties ?? null,
  ];
}

function readProperties(fields: Fields): MessageProperties {
  const properties: MessageProperties = {};
  if (!fields.isNothing(0)) properties.payloadFormatIndicator = fields.oneOf(0, [0, 1]);
  if (!fields.isNothing(1)) properties.messageExpiryInterval = fields.number(1);
  if (!fields.isNothing(2)) properties.contentType = fields.text(2);
  if (!fields.isNothing(3)) properties.responseTopic = fields.text(3);
  if (!fields.isNothing(4)) properties.correlationData = fields.bytes(4);
  if (!fields.isNothing(5)) {
    properties.userProperties = fields.list(5).map((pair): UserProperty => {
      const inner = new Fields(pair);
      return [inner.text(0), inner.text(1)];
    });
  }
  return properties;
}
