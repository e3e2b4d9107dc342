import { faults } from '../faults.ts';
import type { UnsubscribePacket } from '../packets.ts';
import { noProperties } from '../properties.ts';
import { faulty } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';

/** Section 3.10. */
export function decodeUnsubscribe(cursor: Cursor): UnsubscribePacket {
  const packetId = cursor.twoBytes('Packet Identifier');
  // [MQTT-2.2.1-3]
  if (packetId === 0) throw faulty(faults.requestPacketIdZero, cursor.version);
  const properties = cursor.version === 5 ? decodeProperties(cursor, 'unsubscribe') : noProperties;
  // [MQTT-3.10.3-2]
  if (cursor.atEnd) throw faulty(faults.noUnsubscription, cursor.version);
  const filters: string[] = [];
  while (!cursor.atEnd) filters.push(cursor.string('Topic Filter'));
  return { type: 'unsubscribe', packetId, filters, properties };
}
