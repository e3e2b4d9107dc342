import type { Message, MessageOrigin } from '@carillon/persistence';
import type { MessageProperties, QoS, UserProperty } from '@carillon/protocol';
import type { RecordReader } from './record-reader.ts';
import type { RecordWriter } from './record-writer.ts';

/*
 * A message inside a record. Those that lie side by side often have topic, publisher and instant in common, so
 * each names only what differs from the one before it:
 *
 *     facts     QoS (bits 0, 1), RETAIN (2), origin (3 to 5)
 *     presence  which of the following are there (see `presence`)
 *     topic, publisher, receivedAt, expiresAt, properties, payload
 */

/** Bits that say which fields are there, and of the first three, which are other than in the message before. */
const presence = { topic: 1, publisher: 2, received: 4, expires: 8, properties: 16 } as const;

const property = {
  payloadFormat: 1,
  expiry: 2,
  contentType: 4,
  responseTopic: 8,
  correlation: 16,
  user: 32,
} as const;

const origins: readonly MessageOrigin[] = ['client', 'will', 'host', 'bridge', 'system'];
const qosLevels: readonly QoS[] = [0, 1, 2];

/** Of most messages, one object for all of them. */
const noProperties: MessageProperties = Object.freeze({});

/** The message before: of the first one in a record, nothing. */
export type Before = Pick<Message, 'topic' | 'publisherId' | 'receivedAt'> | undefined;

export function writeMessage(writer: RecordWriter, message: Message, before: Before): void {
  const has =
    (message.topic !== before?.topic ? presence.topic : 0) |
    (message.publisherId !== before?.publisherId ? presence.publisher : 0) |
    (message.receivedAt !== before?.receivedAt ? presence.received : 0) |
    (message.expiresAt !== undefined ? presence.expires : 0) |
    (hasAny(message.properties) ? presence.properties : 0);
  writer.byte(message.qos | (message.retain ? 4 : 0) | (origins.indexOf(message.origin) << 3));
  writer.byte(has);
  if (has & presence.topic) writer.text(message.topic);
  if (has & presence.publisher) writer.text(message.publisherId);
  if (has & presence.received) writer.number(message.receivedAt);
  if (message.expiresAt !== undefined) writer.number(message.expiresAt);
  if (has & presence.properties) writeProperties(writer, message.properties);
  writer.bytes(message.payload);
}

export function readMessage(reader: RecordReader, before: Before): Message {
  const facts = reader.byte();
  const has = reader.byte();
  const qos = qosLevels[facts & 3];
  const origin = origins[facts >> 3];
  if (qos === undefined || origin === undefined) {
    throw new Error(`the message has QoS ${facts & 3} and origin ${facts >> 3}`);
  }
  const topic = has & presence.topic ? reader.text() : asBefore(before).topic;
  const publisherId = has & presence.publisher ? reader.text() : asBefore(before).publisherId;
  const receivedAt = has & presence.received ? reader.number() : asBefore(before).receivedAt;
  const expiresAt = has & presence.expires ? reader.number() : undefined;
  const properties = has & presence.properties ? readProperties(reader) : noProperties;
  const payload = reader.bytes();
  const retain = (facts & 4) !== 0;
  return { topic, payload, qos, retain, properties, origin, publisherId, receivedAt, expiresAt };
}

function asBefore(before: Before): Exclude<Before, undefined> {
  if (before === undefined) throw new Error('the first message of the record leaves out what it has to name');
  return before;
}

function hasAny(given: MessageProperties): boolean {
  for (const _ in given) return true;
  return false;
}

function writeProperties(writer: RecordWriter, given: MessageProperties): void {
  const { payloadFormatIndicator, messageExpiryInterval, contentType, responseTopic } = given;
  const { correlationData, userProperties } = given;
  writer.byte(
    (payloadFormatIndicator !== undefined ? property.payloadFormat : 0) |
      (messageExpiryInterval !== undefined ? property.expiry : 0) |
      (contentType !== undefined ? property.contentType : 0) |
      (responseTopic !== undefined ? property.responseTopic : 0) |
      (correlationData !== undefined ? property.correlation : 0) |
      (userProperties !== undefined ? property.user : 0),
  );
  if (payloadFormatIndicator !== undefined) writer.byte(payloadFormatIndicator);
  if (messageExpiryInterval !== undefined) writer.whole(messageExpiryInterval);
  if (contentType !== undefined) writer.text(contentType);
  if (responseTopic !== undefined) writer.text(responseTopic);
  if (correlationData !== undefined) writer.bytes(correlationData);
  if (userProperties === undefined) return;
  writer.whole(userProperties.length);
  for (const [name, value] of userProperties) {
    writer.text(name);
    writer.text(value);
  }
}

function readProperties(reader: RecordReader): MessageProperties {
  const has = reader.byte();
  const read: MessageProperties = {};
  if (has & property.payloadFormat) read.payloadFormatIndicator = reader.oneOf([0, 1]);
  if (has & property.expiry) read.messageExpiryInterval = reader.whole();
  if (has & property.contentType) read.contentType = reader.text();
  if (has & property.responseTopic) read.responseTopic = reader.text();
  if (has & property.correlation) read.correlationData = reader.bytes();
  if (has & property.user) {
    const pairs: UserProperty[] = [];
    for (let left = reader.whole(); left > 0; left--) pairs.push([reader.text(), reader.text()]);
    read.userProperties = pairs;
  }
  return read;
}
