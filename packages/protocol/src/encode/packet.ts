import { EncodeError } from '../encode-error.ts';
import type { Packet, ProtocolVersion } from '../packets.ts';
import { putAcknowledgement } from './acknowledgement.ts';
import { putAuth } from './auth.ts';
import { putConnack } from './connack.ts';
import { putConnect } from './connect.ts';
import { putDisconnect } from './disconnect.ts';
import { fixedHeaderLength, writeFixedHeader } from './fixed-header.ts';
import { publishFlags, putPublish } from './publish.ts';
import { Measure, type Sink, Writer } from './sink.ts';
import { putSuback } from './suback.ts';
import { putSubscribe } from './subscribe.ts';
import { putUnsuback } from './unsuback.ts';
import { putUnsubscribe } from './unsubscribe.ts';

/**
 * The bytes of a packet. Before MQTT 5.0 properties are left out.
 *
 * @throws EncodeError if the packet cannot be put on the wire.
 */
export function encode(packet: Packet, version: ProtocolVersion): Uint8Array {
  const measure = measurePacket(packet, version);
  const target = new Uint8Array(fixedHeaderLength(measure.length) + measure.length);
  write(packet, version, measure, target, 0);
  return target;
}

/**
 * How many bytes the packet takes, fixed header included.
 *
 * @throws EncodeError if the packet cannot be put on the wire.
 */
export function encodedLength(packet: Packet, version: ProtocolVersion): number {
  firstByteOf(packet); // The flags of PUBLISH may be impossible too.
  const { length } = measurePacket(packet, version);
  return fixedHeaderLength(length) + length;
}

/**
 * Writes the packet into `target` from `offset` on.
 *
 * @returns the offset behind it.
 * @throws EncodeError if the packet cannot be put on the wire, or `target` has no room for it; nothing has been
 * written then.
 */
export function encodeInto(
  packet: Packet,
  version: ProtocolVersion,
  target: Uint8Array,
  offset: number,
): number {
  const measure = measurePacket(packet, version);
  const end = offset + fixedHeaderLength(measure.length) + measure.length;
  if (end > target.length) {
    throw new EncodeError('target', `ends at ${target.length}, and the packet at ${end}`);
  }
  return write(packet, version, measure, target, offset);
}

function measurePacket(packet: Packet, version: ProtocolVersion): Measure {
  const measure = new Measure();
  putBody(measure, packet, version);
  return measure;
}

function write(
  packet: Packet,
  version: ProtocolVersion,
  measure: Measure,
  target: Uint8Array,
  offset: number,
): number {
  const bodyAt = writeFixedHeader(target, offset, firstByteOf(packet), measure.length);
  const writer = new Writer(target, bodyAt, measure);
  putBody(writer, packet, version);
  return writer.at;
}

/** Type and flags (section 2.1). */
function firstByteOf(packet: Packet): number {
  return packet.type === 'publish' ? 0x30 | publishFlags(packet) : firstBytes[packet.type];
}

const firstBytes = {
  connect: 0x10,
  connack: 0x20,
  puback: 0x40,
  pubrec: 0x50,
  pubrel: 0x62, // [MQTT-3.6.1-1]
  pubcomp: 0x70,
  subscribe: 0x82, // [MQTT-3.8.1-1]
  suback: 0x90,
  unsubscribe: 0xa2, // [MQTT-3.10.1-1]
  unsuback: 0xb0,
  pingreq: 0xc0,
  pingresp: 0xd0,
  disconnect: 0xe0, // [MQTT-3.14.1-1]
  auth: 0xf0, // [MQTT-3.15.1-1]
} as const;

function putBody(sink: Sink, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case 'connect':
      putConnect(sink, packet, version);
      break;
    case 'connack':
      putConnack(sink, packet, version);
      break;
    case 'publish':
      putPublish(sink, packet, version);
      break;
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      putAcknowledgement(sink, packet, version);
      break;
    case 'subscribe':
      putSubscribe(sink, packet, version);
      break;
    case 'suback':
      putSuback(sink, packet, version);
      break;
    case 'unsubscribe':
      putUnsubscribe(sink, packet, version);
      break;
    case 'unsuback':
      putUnsuback(sink, packet, version);
      break;
    case 'pingreq':
    case 'pingresp':
      break;
    case 'disconnect':
      putDisconnect(sink, packet, version);
      break;
    case 'auth':
      putAuth(sink, packet, version);
      break;
    default:
      throw new EncodeError('type', 'is not that of a packet');
  }
}
