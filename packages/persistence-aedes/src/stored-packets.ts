import { topicName } from '@carillon/hooks/checks';
import type { Message, WillRecord } from '@carillon/persistence';
import { type AedesPacket, emptyPacket, type StoredPacket } from './aedes-packet.ts';
import { readAedesProperties, writeAedesProperties } from './aedes-properties.ts';
import { brokerId, queueBrokerId } from './broker-ids.ts';
import { type Carrier, carry, uncarry } from './carrier.ts';
import {
  entryMetadata,
  messageMetadata,
  readEntryMetadata,
  readMessageMetadata,
  readWillMetadata,
  type StoredEntry,
  willMetadata,
} from './metadata.ts';

/*
 * Entries, retained messages and Wills as packets of Aedes and back. Packets that Aedes wrote are read as well
 * as they can be: it keeps neither publisher nor time of arrival.
 */

/** @param owner The client id as it is given to the backend. */
export function entryPacket(entry: StoredEntry, owner: string, carrier: Carrier): AedesPacket {
  return {
    ...packetOf(entry.message, entryMetadata(entry), carrier),
    brokerId: queueBrokerId(owner),
    brokerCounter: entry.sequence,
    qos: entry.qos,
    retain: entry.retain,
  };
}

/** Undefined when the entry is not ours. @throws Error when it is damaged. */
export function readOwnEntry(packet: StoredPacket): StoredEntry | undefined {
  const carried = uncarry(packet);
  if (carried === undefined) return undefined;
  return readEntryMetadata(carried.metadata, { topic: packet.topic, payload: carried.payload });
}

/** An entry that Aedes wrote. */
export function readForeignEntry(packet: StoredPacket, sequence: number, now: number): StoredEntry {
  const { qos } = packet;
  return {
    sequence,
    // Of a message whose PUBREC has come Aedes keeps the identifier only.
    message: packet.cmd === 'pubrel' ? foreignMessage(packet, now) : deliverable(foreignMessage(packet, now)),
    qos: packet.cmd === 'pubrel' ? 2 : qos,
    retain: packet.retain,
    subscriptionIdentifiers: [],
    share: undefined,
  };
}

export function retainedPacket(message: Message, carrier: Carrier): AedesPacket {
  // MongoDB merges a new record into the old one: properties have to be overwritten, not left out.
  const properties = writeAedesProperties(message.properties);
  // An empty payload would delete.
  const suitable = message.payload.length === 0 ? 'payload' : carrier;
  return { ...packetOf(message, messageMetadata(message), suitable), properties };
}

/** What deletes a retained message. */
export function emptyRetainedPacket(topic: string): AedesPacket {
  return { ...emptyPacket, topic, qos: 0, retain: true };
}

/** @throws Error when it is damaged. */
export function readRetained(packet: StoredPacket, now: number): Message {
  const carried = uncarry(packet);
  if (carried === undefined) return deliverable({ ...foreignMessage(packet, now), retain: true });
  return readMessageMetadata(carried.metadata, { topic: packet.topic, payload: carried.payload });
}

export function willPacket(will: WillRecord, carrier: Carrier): AedesPacket {
  const { message, delayInterval } = will;
  const packet = packetOf({ ...message, expiresAt: undefined }, willMetadata(will), carrier);
  return {
    ...packet,
    properties: { ...writeAedesProperties(message.properties), willDelayInterval: delayInterval },
  };
}

/** @throws Error when it is damaged. */
export function readWill(packet: StoredPacket, now: number): WillRecord {
  const carried = uncarry(packet);
  if (carried !== undefined) {
    return readWillMetadata(carried.metadata, { topic: packet.topic, payload: carried.payload });
  }
  const { receivedAt: _, expiresAt: __, ...message } = deliverable(foreignMessage(packet, now));
  const delayInterval = packet.properties?.optionalNumber('willDelayInterval') ?? 0;
  return { message: { ...message, origin: 'will' }, delayInterval, dueAt: undefined };
}

function packetOf(
  message: Omit<Message, 'receivedAt' | 'publisherId' | 'origin'>,
  metadata: object,
  carrier: Carrier,
): AedesPacket {
  const { topic, qos, retain, properties, expiresAt } = message;
  const hasProperties = Object.keys(properties).length > 0;
  return {
    cmd: 'publish',
    brokerId,
    brokerCounter: 0,
    topic,
    qos,
    retain,
    dup: false,
    ...carry(message.payload, metadata, carrier),
    ...(hasProperties ? { properties: writeAedesProperties(properties) } : {}),
    ...(expiresAt === undefined ? {} : { messageExpiry: expiresAt }),
  };
}

/** @throws ImpossibleValue when no client could be sent the message: it would be sent again and again. */
function deliverable(message: Message): Message {
  topicName(message.topic, 'topic');
  return message;
}

function foreignMessage(packet: StoredPacket, now: number): Message {
  const properties = readAedesProperties(packet.properties);
  const interval = properties.messageExpiryInterval;
  return {
    topic: packet.topic,
    payload: packet.payload,
    qos: packet.qos,
    retain: packet.retain,
    properties,
    origin: 'client',
    publisherId: packet.clientId ?? '',
    receivedAt: now,
    expiresAt: packet.messageExpiry ?? (interval === undefined ? undefined : now + interval * 1000),
  };
}
