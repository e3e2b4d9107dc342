import type { DisconnectPacket } from '../packets.ts';
import { noProperties } from '../properties.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { checkReasonCode } from './reason-code.ts';

/** Section 3.14, in the short forms too. */
export function decodeDisconnect(cursor: Cursor): DisconnectPacket {
  if (cursor.version !== 5 || cursor.atEnd) {
    cursor.expectEnd();
    return { type: 'disconnect', reasonCode: 0, properties: noProperties };
  }
  const reasonCode = cursor.byte('Reason Code');
  // [MQTT-3.14.2-1]
  checkReasonCode('disconnect', reasonCode);
  const properties = cursor.atEnd ? noProperties : decodeProperties(cursor, 'disconnect');
  cursor.expectEnd();
  return { type: 'disconnect', reasonCode, properties };
}
