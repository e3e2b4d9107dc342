import { faults } from '../faults.ts';
import type { ConnackPacket } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { checkReasonCode, checkReturnCode } from './reason-code.ts';

/** Section 3.2. */
export function decodeConnack(cursor: Cursor): ConnackPacket {
  const flags = cursor.byte('Connect Acknowledge Flags');
  // [MQTT-3.2.2-1]; the byte has no meaning in MQTT 3.1.
  if (cursor.version !== 3 && flags > 1) throw faulty(faults.reservedConnackFlags, cursor.version);
  const sessionPresent = cursor.version !== 3 && flags === 1;
  const reasonCode = cursor.byte('Reason Code');
  if (cursor.version === 5) checkReasonCode('connack', reasonCode);
  else checkReturnCode('connack', reasonCode);
  const properties = cursor.version === 5 ? decodeProperties(cursor, 'connack') : noProperties;
  cursor.expectEnd();
  return { type: 'connack', sessionPresent, reasonCode, properties };
}
