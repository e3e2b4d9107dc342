import { faults } from '../faults.ts';
import type { ProtocolVersion, PublishPacket, PublishProperties, QoS } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import { behindVariableByteInteger } from '../variable-byte-integer.ts';
import { type Cursor, viewOf } from './cursor.ts';
import { joined } from './pieces.ts';
import { decodeProperties } from './properties.ts';
import { toQoS } from './qos.ts';

/**
 * A PUBLISH as it was read, with its place in the bytes, so that it can be passed on as a copy of bytes.
 *
 * It looks into the chunk that was fed (`source`): who keeps its payload beyond the turn keeps the whole chunk
 * in memory, and should copy. The payload of a large packet, which came in several chunks, may go on in `rest`.
 * `payload` is made when it is first asked for, and is not an own property: a spread (`{ ...packet }`) does not take
 * it along.
 */
export class DecodedPublish implements PublishPacket {
  readonly type = 'publish';
  readonly topic: string;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  readonly packetId: number;
  readonly properties: PublishProperties;
  /** The bytes the packet lies in, but for `rest`. */
  readonly source: Uint8Array;
  /** What follows `source`, when the packet was cut: nothing but payload, all of it to the end of the last piece. */
  readonly rest: readonly Uint8Array[];
  /** Where the fixed header begins in `source`. */
  readonly frameStart: number;
  /** Where the properties begin, behind their length; `payloadStart` when there are none. */
  readonly propertiesStart: number;
  readonly propertiesEnd: number;
  /** Where the value of the Topic Alias stands, two bytes; -1 when there is none. */
  readonly topicAliasAt: number;
  readonly payloadStart: number;
  /** Where the packet ends in `source`, with what lies in `rest` counted on. */
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
    this.rest = cursor.rest;
    this.frameStart = cursor.frameStart;
    this.propertiesStart = propertiesStart;
    this.propertiesEnd = cursor.at;
    this.topicAliasAt = properties.topicAlias === undefined ? -1 : cursor.topicAliasAt;
    this.payloadStart = cursor.at;
    this.frameEnd = cursor.end;
    this.#payload = undefined;
  }

  /** A view of `source`, not a copy; bytes of its own when it lies in several pieces. */
  get payload(): Uint8Array {
    this.#payload ??= this.rest.length === 0 ? this.#viewOfPayload() : joined(this.payloadPieces());
    return this.#payload;
  }

  /** The payload as it lies, without a copy; pieces without bytes are left out. */
  payloadPieces(): readonly Uint8Array[] {
    const first = this.#viewOfPayload();
    return first.length === 0 ? this.rest : [first, ...this.rest];
  }

  #viewOfPayload(): Uint8Array {
    return viewOf(this.source, this.payloadStart, Math.min(this.frameEnd, this.source.length));
  }
}

/**
 * Whether a cut packet is a PUBLISH whose first piece has all of it but payload. What its lengths say is believed as
 * far as that piece goes: whether it fits into the packet is judged when it is decoded.
 */
export function hasHeadIn(
  first: Uint8Array,
  bodyStart: number,
  version: ProtocolVersion | undefined,
): boolean {
  const firstByte = first[0] ?? 0;
  if (firstByte >> 4 !== 3) return false;
  const topicLength = ((first[bodyStart] ?? 0) << 8) | (first[bodyStart + 1] ?? 0);
  const behindTopic = bodyStart + 2 + topicLength;
  const behindPacketId = (firstByte & 0x06) === 0 ? behindTopic : behindTopic + 2;
  if (version !== 5) return behindPacketId <= first.length;
  return behindProperties(first, behindPacketId) <= first.length;
}

/** Infinite where their length is cut or malformed. */
function behindProperties(bytes: Uint8Array, start: number): number {
  let length = 0;
  for (let size = 0; size < 4; size++) {
    const byte = bytes[start + size] ?? 0xff;
    length |= (byte & 0x7f) << (7 * size);
    if (byte < 0x80) return start + size + 1 + length;
  }
  return Number.POSITIVE_INFINITY;
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
