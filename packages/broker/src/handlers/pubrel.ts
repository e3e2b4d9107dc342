import { type PubrelPacket, ReasonCode } from '@carillon/protocol';
import { acknowledgeWhenStored } from '../connection/acknowledge-when-stored.ts';
import type { Connection } from '../connection/connection.ts';

/**
 * The client gives a QoS 2 identifier back. PUBCOMP answers in any case: one the broker does not know is
 * harmless, and is called so. [MQTT-4.3.3-11]
 */
export function handlePubrel(connection: Connection, { packetId }: PubrelPacket): void {
  const { session, engine } = connection;
  if (session === undefined) return;
  connection.countedIds.delete(packetId);
  if (!session.inboundIds.delete(packetId)) {
    // The store may yet have to learn of an earlier PUBREL.
    const reasonCode = ReasonCode.PacketIdentifierNotFound;
    acknowledgeWhenStored(connection, { type: 'pubcomp', packetId, reasonCode, isRepeat: true });
    return;
  }
  if (session.isStored) {
    engine.turn.record({ do: 'deleteInboundId', clientId: session.clientId, packetId });
  }
  acknowledgeWhenStored(connection, { type: 'pubcomp', packetId, reasonCode: ReasonCode.Success });
}
