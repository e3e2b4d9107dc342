import type {
  Message,
  QueueSummary,
  SessionRecord,
  SubscriptionRecord,
  WillRecord,
} from '@carillon/persistence';
import type { ProtocolVersion, QoS, RetainHandling } from '@carillon/protocol';
import type { Copies } from './copies.ts';
import { readMessage, writeMessage } from './message-record.ts';
import { RecordReader } from './record-reader.ts';
import { RecordWriter } from './record-writer.ts';

/*
 * Records in which one thing is stored: the place of a field is its name. Whatever is to be stored otherwise is
 * a new format version.
 */

const versions: readonly ProtocolVersion[] = [3, 4, 5];
const qosLevels: readonly QoS[] = [0, 1, 2];
const retainHandlings: readonly RetainHandling[] = [0, 1, 2];

export interface Codec<T> {
  write(value: T): Uint8Array;
  /** Throws an `Error` that says what is wrong with the record. Bytes in it are copied by `copies`. */
  read(bytes: Uint8Array, copies?: Copies): T;
}

function codec<T>(
  write: (writer: RecordWriter, value: T) => void,
  read: (reader: RecordReader) => T,
): Codec<T> {
  return {
    write: (value) => {
      const writer = new RecordWriter();
      write(writer, value);
      return writer.record();
    },
    read: (bytes, copies) => {
      const reader = new RecordReader(bytes, copies);
      const value = read(reader);
      reader.end();
      return value;
    },
  };
}

export const numberCodec = codec<number>(
  (writer, value) => writer.whole(value),
  (reader) => reader.whole(),
);

export const sessionCodec = codec<SessionRecord>(
  (writer, session) => {
    writer.text(session.clientId);
    writer.byte(session.protocolVersion);
    writer.whole(session.sessionExpiryInterval);
    writer.number(session.createdAt);
    writeOptionalNumber(writer, session.disconnectedAt);
    writeOptionalText(writer, session.identity);
    writer.text(session.mountPoint);
    writer.whole(session.groups.length);
    for (const group of session.groups) writer.text(group);
  },
  (reader) => ({
    clientId: reader.text(),
    protocolVersion: reader.oneOf(versions),
    sessionExpiryInterval: reader.whole(),
    createdAt: reader.number(),
    disconnectedAt: readOptionalNumber(reader),
    identity: readOptionalText(reader),
    mountPoint: reader.text(),
    groups: Array.from({ length: reader.whole() }, () => reader.text()),
  }),
);

/** The sums of a queue as stored. */
export interface StoredSummary extends QueueSummary {
  /** Whether chunks behind `lastSequence` may be there that it does not count yet. */
  readonly isOpen: boolean;
}

export const summaryCodec = codec<StoredSummary>(
  (writer, { length, bytes, lastSequence, isOpen }) => {
    writer.whole(length);
    writer.whole(bytes);
    writer.whole(lastSequence);
    writer.byte(isOpen ? 1 : 0);
  },
  (reader) => ({
    length: reader.whole(),
    bytes: reader.whole(),
    lastSequence: reader.whole(),
    isOpen: reader.oneOf([0, 1]) === 1,
  }),
);

export const subscriptionCodec = codec<SubscriptionRecord>(
  (writer, subscription) => {
    writer.text(subscription.filter);
    writer.text(subscription.topicFilter);
    writeOptionalText(writer, subscription.shareName);
    writer.byte(subscription.qos);
    writer.byte((subscription.noLocal ? 1 : 0) | (subscription.retainAsPublished ? 2 : 0));
    writer.byte(subscription.retainHandling);
    writeOptionalNumber(writer, subscription.subscriptionIdentifier);
  },
  (reader) => {
    const start = reader.at;
    const filter = reader.text();
    // The same but for shared subscriptions and mount points: one string in memory for both.
    const topicFilter = reader.repeats(start, reader.at) ? filter : reader.text();
    const shareName = readOptionalText(reader);
    const qos = reader.oneOf(qosLevels);
    const flags = reader.oneOf([0, 1, 2, 3]);
    return {
      filter,
      topicFilter,
      shareName,
      qos,
      noLocal: (flags & 1) !== 0,
      retainAsPublished: (flags & 2) !== 0,
      retainHandling: reader.oneOf(retainHandlings),
      subscriptionIdentifier: readOptionalNumber(reader),
    };
  },
);

/** A message that is alone in its record. */
export const messageCodec = codec<Message>(
  (writer, message) => writeMessage(writer, message, undefined),
  (reader) => readMessage(reader, undefined),
);

export const willCodec = codec<WillRecord>(
  (writer, { message, delayInterval, dueAt }) => {
    writeMessage(writer, { ...message, receivedAt: 0, expiresAt: undefined }, undefined);
    writer.whole(delayInterval);
    writeOptionalNumber(writer, dueAt);
  },
  (reader) => {
    const { receivedAt: _, expiresAt: __, ...message } = readMessage(reader, undefined);
    return { message, delayInterval: reader.whole(), dueAt: readOptionalNumber(reader) };
  },
);

function writeOptionalNumber(writer: RecordWriter, value: number | undefined): void {
  writer.byte(value === undefined ? 0 : 1);
  if (value !== undefined) writer.number(value);
}

function readOptionalNumber(reader: RecordReader): number | undefined {
  return reader.oneOf([0, 1]) === 1 ? reader.number() : undefined;
}

export function writeOptionalText(writer: RecordWriter, value: string | undefined): void {
  writer.byte(value === undefined ? 0 : 1);
  if (value !== undefined) writer.text(value);
}

export function readOptionalText(reader: RecordReader): string | undefined {
  return reader.oneOf([0, 1]) === 1 ? reader.text() : undefined;
}
