import { type DisconnectPacket, ProtocolError, ReasonCode } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';

/**
 * The client leaves. With reason 0x00 its Will is forgotten; with any other it is sent. The Session Expiry
 * Interval may be changed on the way out. [MQTT-3.14.4-3]
 */
export function handleDisconnect(connection: Connection, packet: DisconnectPacket): void {
  const { session } = connection;
  if (session !== undefined) changeSessionExpiry(connection, packet);
  connection.finish({
    by: 'client',
    reasonCode: packet.reasonCode,
    reason: packet.properties.reasonString ?? 'DISCONNECT',
    willIsDue: packet.reasonCode !== ReasonCode.NormalDisconnection,
  });
}

function changeSessionExpiry({ session, engine, terms }: Connection, { properties }: DisconnectPacket): void {
  const wanted = properties.sessionExpiryInterval;
  if (session === undefined || wanted === undefined) return;
  if (terms.wantedSessionExpiryInterval === 0 && wanted !== 0) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      '§3.14.2.2.2',
      'a Session Expiry Interval of 0 in CONNECT cannot be raised in DISCONNECT',
    );
  }
  // It was we who granted 0, and the session was never written to the store: it stays at that.
  if (session.expiryInterval === 0) return;
  const { maximumSessionExpiryInterval } = engine.options.limits;
  const own = session.owner.limits.maximumSessionExpiryInterval ?? maximumSessionExpiryInterval;
  session.expiryInterval = Math.min(wanted, maximumSessionExpiryInterval, own);
}
