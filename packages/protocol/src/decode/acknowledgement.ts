import { faults } from '../faults.ts';
import type { PubackPacket, PubcompPacket, PubrecPacket, PubrelPacket } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { checkReasonCode } from './reason-code.ts';

type Acknowledgement = PubackPacket | PubrecPacket | PubrelPacket | PubcompPacket;

/** PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7), in the short forms too. */
export function decodeAcknowledgement<Type extends Acknowledgement['type']>(
  cursor: Cursor,
  type: Type,
): { type: Type } & Omit<Acknowledgement, 'type'> {
  const packetId = cursor.twoBytes('Packet Identifier');
  // [MQTT-2.2.1-5]
  if (packetId === 0) throw faulty(faults.publishAnswerPacketIdZero, cursor.version);
  if (cursor.version !== 5 || cursor.atEnd) {
    cursor.expectEnd();
    return { type, packetId, reasonCode: 0, properties: noProperties };
  }
  const reasonCode = cursor.byte('Reason Code');
  checkReasonCode(type, reasonCode);
  const properties = cursor.atEnd ? noProperties : decodeProperties(cursor, type);
  cursor.expectEnd();
  return { type, packetId, reasonCode, properties };
}
