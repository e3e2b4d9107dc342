import { faults } from '../faults.ts';
import type { AuthPacket } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { checkReasonCode } from './reason-code.ts';

/** Section 3.15, in the short form too. */
export function decodeAuth(cursor: Cursor): AuthPacket {
  if (cursor.atEnd) return { type: 'auth', reasonCode: 0, properties: noProperties };
  const reasonCode = cursor.byte('Reason Code');
  // [MQTT-3.15.2-1]
  checkReasonCode('auth', reasonCode);
  const properties = decodeProperties(cursor, 'auth');
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw faulty(faults.authAuthenticationData, cursor.version);
  }
  cursor.expectEnd();
  return { type: 'auth', reasonCode, properties };
}
