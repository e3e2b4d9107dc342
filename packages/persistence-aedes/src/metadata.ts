import type { Message, MessageOrigin, QueueEntry, WillRecord } from '@carillon/persistence';
import type { MessageProperties, QoS, UserProperty } from '@carillon/protocol';
import type { ObjectFields } from './object-fields.ts';

/*
 * What a packet of Aedes has no place for, as JSON: short names, because every stored packet bears it.
 */

const qosLevels: readonly QoS[] = [0, 1, 2];
const origins: readonly MessageOrigin[] = ['client', 'will', 'host', 'bridge', 'system'];

type Content = Pick<Message, 'topic' | 'payload'>;

/** What of a queue entry is stored with it; how far its delivery has come is kept with its session. */
export type StoredEntry = Omit<QueueEntry, 'packetId' | 'state'>;

export function entryMetadata(entry: StoredEntry): object {
  const { sequence, qos, retain, subscriptionIdentifiers, share, message } = entry;
  return {
    n: sequence,
    q: qos,
    r: retain,
    ...(subscriptionIdentifiers.length === 0 ? {} : { i: subscriptionIdentifiers }),
    s: share,
    m: messageMetadata(message),
  };
}

export function readEntryMetadata(fields: ObjectFields, content: Content): StoredEntry {
  return {
    sequence: fields.number('n'),
    qos: fields.oneOf('q', qosLevels),
    retain: fields.flag('r'),
    subscriptionIdentifiers: fields.has('i') ? fields.numbers('i') : [],
    share: fields.optionalText('s'),
    message: readMessageMetadata(fields.inner('m'), content),
  };
}

export function messageMetadata(message: Omit<Message, 'topic' | 'payload'>): object {
  const { qos, retain, properties, origin, publisherId, receivedAt, expiresAt } = message;
  const isPlain = Object.keys(properties).length === 0;
  return {
    q: qos,
    r: retain,
    ...(isPlain ? {} : { p: propertiesMetadata(properties) }),
    o: origin,
    u: publisherId,
    t: receivedAt,
    x: expiresAt,
  };
}

export function readMessageMetadata(fields: ObjectFields, content: Content): Message {
  return {
    topic: content.topic,
    payload: content.payload,
    qos: fields.oneOf('q', qosLevels),
    retain: fields.flag('r'),
    properties: fields.has('p') ? readPropertiesMetadata(fields.inner('p')) : {},
    origin: fields.oneOf('o', origins),
    publisherId: fields.text('u'),
    receivedAt: fields.number('t'),
    expiresAt: fields.optionalNumber('x'),
  };
}

export function willMetadata({ message, delayInterval, dueAt }: WillRecord): object {
  return {
    m: messageMetadata({ ...message, receivedAt: 0, expiresAt: undefined }),
    d: delayInterval,
    a: dueAt,
  };
}

export function readWillMetadata(fields: ObjectFields, content: Content): WillRecord {
  const { receivedAt: _, expiresAt: __, ...message } = readMessageMetadata(fields.inner('m'), content);
  return { message, delayInterval: fields.number('d'), dueAt: fields.optionalNumber('a') };
}

function propertiesMetadata({ correlationData, ...rest }: MessageProperties): object {
  if (correlationData === undefined) return rest;
  return { ...rest, correlationData: Buffer.from(correlationData).toString('base64') };
}

function readPropertiesMetadata(fields: ObjectFields): MessageProperties {
  const properties: MessageProperties = {};
  if (fields.has('payloadFormatIndicator')) {
    properties.payloadFormatIndicator = fields.oneOf('payloadFormatIndicator', [0, 1]);
  }
  if (fields.has('messageExpiryInterval')) {
    properties.messageExpiryInterval = fields.number('messageExpiryInterval');
  }
  if (fields.has('contentType')) properties.contentType = fields.text('contentType');
  if (fields.has('responseTopic')) properties.responseTopic = fields.text('responseTopic');
  if (fields.has('correlationData')) {
    properties.correlationData = new Uint8Array(Buffer.from(fields.text('correlationData'), 'base64'));
  }
  if (fields.has('userProperties')) {
    properties.userProperties = fields.list('userProperties').map((pair): UserProperty => {
      const [name, value]: unknown[] = Array.isArray(pair) ? pair : [];
      if (typeof name === 'string' && typeof value === 'string') return [name, value];
      throw new Error('a user property has to be a name and a value');
    });
  }
  return properties;
}
