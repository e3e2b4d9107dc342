import { faults } from '../faults.ts';
import type { PublishPacket, PublishProperties, QoS } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import { type Cursor, viewOf } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { toQoS } from './qos.ts';

/**
 * A PUBLISH as it was read, with its place in the bytes, so that it can be passed on as a copy of bytes.
 *
 * It looks into the chunk that was fed (`source`): who keeps its payload beyond the turn keeps the whole chunk
 * in memory, and should copy. `payload` is made when it is first asked for, and is not an own property: a spread
 * (`{ ...packet }`) does not take it along.
 */
export class DecodedPublish implements PublishPacket {
  readonly type = 'publish';
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly packetId: number;
  readonly properties: PublishProperties;
  /** The bytes the packet lies in. */
  readonly source: Uint8Array;
  /** Where the fixed header begins in `source`. */
  readonly frameStart: number;
  /** Where the properties begin, behind their length; `payloadStart` when there are none. */
  readonly propertiesStart: number;
  readonly propertiesEnd: number;
  readonly payloadStart: number;
  /** Where the packet ends in `source`. */
  readonly frameEnd: number;
  #payload: Uint8Array | undefined;

  /** @internal Made by `PacketReader` alone. */
  constructor(
    cursor: Cursor,
    flags: number,
    topic: string,
    packetId: number,
    properties: PublishProperties,
    propertiesStart: number,
  ) {
    this.topic = topic;
    this.qos = toQoS(flags >> 1);
    this.retain = (flags & 0x01) !== 0;
    this.dup = (flags & 0x08) !== 0;
    this.packetId = packetId;
    this.properties = properties;
    this.source = cursor.bytes;
    this.frameStart = cursor.frameStart;
    this.propertiesStart = propertiesStart;
    this.propertiesEnd = cursor.at;
    this.payloadStart = cursor.at;
    this.frameEnd = cursor.end;
    this.#payload = undefined;
  }

  /** A view of `source`, not a copy. */
  get payload(): Uint8Array {
    this.#payload ??= viewOf(this.source, this.payloadStart, this.frameEnd);
    return this.#payload;
  }
}

/** Section 3.3. `flags` are the low four bits of the first byte: DUP, QoS (two bits), RETAIN. */
export function decodePublish(cursor: Cursor, flags: number): DecodedPublish {
  const qos = (flags >> 1) & 0x03;
  // [MQTT-3.3.1-4]
  if (qos === 3) throw faulty(faults.publishQoS3, cursor.version);
  // [MQTT-3.3.1-2]
  if (qos === 0 && (flags & 0x08) !== 0) throw faulty(faults.dupWithQoS0, cursor.version);

  const topic = cursor.topic('Topic Name');
  let packetId = 0;
  if (qos !== 0) {
    packetId = cursor.twoBytes('Packet Identifier');
    // [MQTT-2.2.1-3]
    if (packetId === 0) throw faulty(faults.requestPacketIdZero, cursor.version);
  }
  if (cursor.version !== 5) {
    if (topic === '') throw faulty(faults.emptyTopic, cursor.version);
    return new DecodedPublish(cursor, flags, topic, packetId, noProperties, cursor.at);
  }
  const lengthAt = cursor.at;
  const properties = decodeProperties(cursor, 'publish');
  // §3.3.2.1: a Topic Alias may stand in for the topic.
  if (topic === '' && properties.topicAlias === undefined) throw faulty(faults.emptyTopic, cursor.version);
  const propertiesStart = behindVariableByteInteger(cursor.bytes, lengthAt);
  return new DecodedPublish(cursor, flags, topic, packetId, properties, propertiesStart);
}

function behindVariableByteInteger(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
}
