import { type AuthPacket, ProtocolError, ReasonCode } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import { Reauthentication } from './reauthentication.ts';

/** AUTH from a connected client: it authenticates anew, by the method of its CONNECT. [MQTT-4.12.1-1] */
export async function handleAuth(connection: Connection, packet: AuthPacket): Promise<void> {
  const { client } = connection;
  if (connection.terms.version !== 5 || client === undefined) return;
  const method = client.authenticationMethod;
  if (method === undefined) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      'MQTT-4.12.0-7',
      'CONNECT named no Authentication Method',
    );
  }
  if (packet.properties.authenticationMethod !== method) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      'MQTT-4.12.1-1',
      'the Authentication Method of AUTH is not that of CONNECT',
    );
  }
  if (packet.reasonCode === ReasonCode.ReAuthenticate) {
    connection.reauthentication = new Reauthentication(connection, client, method);
  } else if (packet.reasonCode !== ReasonCode.ContinueAuthentication) {
    throw new ProtocolError(
      ReasonCode.ProtocolError,
      'MQTT-3.15.2-1',
      'a client sends AUTH with 0x18 or 0x19',
    );
  }
  const { reauthentication } = connection;
  if (reauthentication === undefined) {
    throw new ProtocolError(ReasonCode.ProtocolError, '§4.12.1', 'no re-authentication is under way');
  }
  await reauthentication.next(packet.properties.authenticationData);
}
