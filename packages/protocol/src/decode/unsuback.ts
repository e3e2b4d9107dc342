import { faults } from '../faults.ts';
import type { UnsubackPacket } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { checkReasonCode } from './reason-code.ts';

/** Section 3.11. Before MQTT 5.0 there is nothing behind the Packet Identifier. */
export function decodeUnsuback(cursor: Cursor): UnsubackPacket {
  const packetId = cursor.twoBytes('Packet Identifier');
  // [MQTT-2.2.1-6]
  if (packetId === 0) throw faulty(faults.subscribeAnswerPacketIdZero, cursor.version);
  if (cursor.version !== 5) {
    cursor.expectEnd();
    return { type: 'unsuback', packetId, reasonCodes: [], properties: noProperties };
  }
  const properties = decodeProperties(cursor, 'unsuback');
  if (cursor.atEnd) throw faulty(faults.noUnsubscribeAnswer, cursor.version);
  const reasonCodes: number[] = [];
  while (!cursor.atEnd) {
    const code = cursor.byte('Reason Code');
    // [MQTT-3.11.3-2]
    checkReasonCode('unsuback', code);
    reasonCodes.push(code);
  }
  return { type: 'unsuback', packetId, reasonCodes, properties };
}
