import { faults } from '../faults.ts';
import type { SubackPacket } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { checkReasonCode, checkReturnCode } from './reason-code.ts';

/** Section 3.9. */
export function decodeSuback(cursor: Cursor): SubackPacket {
  const packetId = cursor.twoBytes('Packet Identifier');
  // [MQTT-2.2.1-6]
  if (packetId === 0) throw faulty(faults.subscribeAnswerPacketIdZero, cursor.version);
  const properties = cursor.version === 5 ? decodeProperties(cursor, 'suback') : noProperties;
  if (cursor.atEnd) throw faulty(faults.noSubscribeAnswer, cursor.version);
  const reasonCodes: number[] = [];
  while (!cursor.atEnd) {
    const code = cursor.byte('Reason Code');
    // [MQTT-3.9.3-2]
    if (cursor.version === 5) checkReasonCode('suback', code);
    else checkReturnCode('suback', code);
    reasonCodes.push(code);
  }
  return { type: 'suback', packetId, reasonCodes, properties };
}
