import type { PubackPacket } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';

/** The client has a QoS 1 message, or refuses it: either way it is settled. [MQTT-4.4.0-2] */
export function handlePuback(connection: Connection, packet: PubackPacket): void {
  connection.session?.usedOutbox?.puback(packet.packetId, packet.reasonCode);
}
