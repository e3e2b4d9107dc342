import { faults } from '../faults.ts';
import type { Packet, ProtocolVersion, PublishPacket } from '../packets.ts';
import { faulty } from '../protocol-error.ts';
import { decodeAcknowledgement } from './acknowledgement.ts';
import { decodeAuth } from './auth.ts';
import { decodeConnack } from './connack.ts';
import { decodeConnect } from './connect.ts';
import type { Cursor } from './cursor.ts';
import { decodeDisconnect } from './disconnect.ts';
import { type DecodedPublish, decodePublish } from './publish.ts';
import { decodeSuback } from './suback.ts';
import { decodeSubscribe } from './subscribe.ts';
import { decodeUnsuback } from './unsuback.ts';
import { decodeUnsubscribe } from './unsubscribe.ts';

/** The packet types of section 2.1.2, as they stand in the high four bits of the first byte. */
const PacketNumber = {
  connect: 1,
  connack: 2,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  suback: 9,
  unsubscribe: 10,
  unsuback: 11,
  pingreq: 12,
  pingresp: 13,
  disconnect: 14,
  auth: 15,
} as const;

/**
 * Judges the first byte of a packet, before anything behind it has come.
 *
 * @throws ProtocolError if no packet of this version begins with it.
 */
export function checkFirstByte(byte: number, version: ProtocolVersion | undefined): void {
  const number = byte >> 4;
  const flags = byte & 0x0f;
  if (number === PacketNumber.publish && version !== undefined) return;
  // [MQTT-3.1.0-1]
  if (version === undefined && number !== PacketNumber.connect) throw faulty(faults.connectNotFirst, version);
  if (number === 0 || (number === PacketNumber.auth && version !== 5)) {
    throw faulty(faults.reservedPacketType, version, String(number));
  }
  // [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1]
  const isRequest =
    number === PacketNumber.pubrel ||
    number === PacketNumber.subscribe ||
    number === PacketNumber.unsubscribe;
  if (flags === (isRequest ? 0x02 : 0x00)) return;
  // MQTT 3.1 sets DUP when it sends one of these again.
  if (isRequest && version === 3 && flags === 0x0a) return;
  throw faulty(faults.reservedFlags, version);
}

/** A packet as `PacketReader` gives it: of a PUBLISH it is also known where it lies. */
export type DecodedPacket = Exclude<Packet, PublishPacket> | DecodedPublish;

/** Decodes the packet whose body the cursor spans; its first byte has passed `checkFirstByte`. */
export function decodePacket(cursor: Cursor, firstByte: number): DecodedPacket {
  switch (firstByte >> 4) {
    case PacketNumber.connect:
      return decodeConnect(cursor);
    case PacketNumber.connack:
      return decodeConnack(cursor);
    case PacketNumber.publish:
      return decodePublish(cursor, firstByte & 0x0f);
    case PacketNumber.puback:
      return decodeAcknowledgement(cursor, 'puback');
    case PacketNumber.pubrec:
      return decodeAcknowledgement(cursor, 'pubrec');
    case PacketNumber.pubrel:
      return decodeAcknowledgement(cursor, 'pubrel');
    case PacketNumber.pubcomp:
      return decodeAcknowledgement(cursor, 'pubcomp');
    case PacketNumber.subscribe:
      return decodeSubscribe(cursor);
    case PacketNumber.suback:
      return decodeSuback(cursor);
    case PacketNumber.unsubscribe:
      return decodeUnsubscribe(cursor);
    case PacketNumber.unsuback:
      return decodeUnsuback(cursor);
    case PacketNumber.pingreq:
      cursor.expectEnd();
      return { type: 'pingreq' };
    case PacketNumber.pingresp:
      cursor.expectEnd();
      return { type: 'pingresp' };
    case PacketNumber.disconnect:
      return decodeDisconnect(cursor);
    case PacketNumber.auth:
      return decodeAuth(cursor);
    default:
      throw faulty(faults.reservedPacketType, cursor.version, String(firstByte >> 4));
  }
}
