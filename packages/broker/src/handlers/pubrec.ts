import type { PubrecPacket } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';

/** The client has a QoS 2 message: PUBREL follows, once the store knows. Or it refuses it. [MQTT-4.3.3-4] */
export function handlePubrec(connection: Connection, packet: PubrecPacket): void {
  connection.session?.outbox.pubrec(packet.packetId, packet.reasonCode);
}
