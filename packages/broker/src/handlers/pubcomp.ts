import type { PubcompPacket } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';

/** The end of a QoS 2 exchange towards the client. [MQTT-4.3.3-5] */
export function handlePubcomp(connection: Connection, packet: PubcompPacket): void {
  connection.session?.usedOutbox?.pubcomp(packet.packetId);
}
