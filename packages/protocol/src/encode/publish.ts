import { EncodeError } from '../encode-error.ts';
import type { ProtocolVersion, PublishPacket } from '../packets.ts';
import { putPacketId } from './codes.ts';
import { fixedHeaderLength, writeFixedHeader } from './fixed-header.ts';
import { putProperties } from './properties.ts';
import { checkQoS } from './qos.ts';
import { Measure, type Sink, Writer } from './sink.ts';

/** Section 3.3 up to the payload. */
export function putPublishHead(sink: Sink, packet: PublishPacket, version: ProtocolVersion): void {
  const { topic, properties } = packet;
  // §3.3.2.1, v3:[MQTT-4.7.3-1]
  if (topic === '' && (version !== 5 || properties.topicAlias === undefined)) {
    throw new EncodeError('topic', 'is empty and no topic alias stands in for it');
  }
  sink.string(topic, 'topic');
  if (packet.qos !== 0) putPacketId(sink, packet.packetId);
  if (version === 5) putProperties(sink, properties, 'publish');
}

/** Section 3.3. */
export function putPublish(sink: Sink, packet: PublishPacket, version: ProtocolVersion): void {
  putPublishHead(sink, packet, version);
  sink.bytes(packet.payload, 'payload');
}

/** The flags of the fixed header. */
export function publishFlags(packet: PublishPacket): number {
  const qos = checkQoS(packet.qos, 'qos');
  // [MQTT-3.3.1-2]
  if (packet.dup && qos === 0) throw new EncodeError('dup', 'must not be set with QoS 0');
  return (packet.dup ? 0x08 : 0) | (qos << 1) | (packet.retain ? 0x01 : 0);
}

/** A PUBLISH on the wire, to be copied for each receiver and patched. */
export interface EncodedPublish {
  bytes: Uint8Array;
  /** Where the two bytes of the Packet Identifier are in `bytes`; -1 when the QoS is 0. */
  packetIdAt: number;
}

/**
 * Encodes a PUBLISH that is to be sent many times.
 *
 * @param options.payload false leaves the payload out of `bytes`, to be sent behind them by reference; the Remaining
 * Length counts it all the same.
 * @throws EncodeError if the packet cannot be put on the wire.
 */
export function encodePublish(
  packet: PublishPacket,
  version: ProtocolVersion,
  options: { payload: boolean },
): EncodedPublish {
  const flags = publishFlags(packet);
  const measure = new Measure();
  putPublishHead(measure, packet, version);
  const headLength = measure.length;
  measure.bytes(packet.payload, 'payload');
  const headerLength = fixedHeaderLength(measure.length);
  const bodyLength = options.payload ? measure.length : headLength;

  const bytes = new Uint8Array(headerLength + bodyLength);
  const writer = new Writer(bytes, writeFixedHeader(bytes, 0, 0x30 | flags, measure.length), measure);
  putPublishHead(writer, packet, version);
  if (options.payload) writer.bytes(packet.payload);
  return { bytes, packetIdAt: packet.qos === 0 ? -1 : headerLength + topicFieldLength(bytes, headerLength) };
}

function topicFieldLength(bytes: Uint8Array, at: number): number {
  return 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
}
