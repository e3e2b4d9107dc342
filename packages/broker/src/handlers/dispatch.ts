import type { MaybePromise } from '@carillon/persistence';
import { type DecodedPacket, ProtocolError, ReasonCode } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import { handleAuth } from './auth.ts';
import { handleConnect } from './connect.ts';
import { handleDisconnect } from './disconnect.ts';
import { handlePingreq } from './pingreq.ts';
import { handlePuback } from './puback.ts';
import { handlePubcomp } from './pubcomp.ts';
import { handlePublish } from './publish.ts';
import { handlePubrec } from './pubrec.ts';
import { handlePubrel } from './pubrel.ts';
import { handleSubscribe } from './subscribe.ts';
import { handleUnsubscribe } from './unsubscribe.ts';

/** Is this packet allowed in this state of the conversation? Then its handler gets it. */
export function dispatch(connection: Connection, packet: DecodedPacket): MaybePromise<void> {
  switch (connection.state) {
    case 'connected':
      return handle(connection, packet);
    case 'awaiting-connect':
      if (packet.type === 'connect') return handleConnect(connection, packet);
      throw new ProtocolError(ReasonCode.ProtocolError, 'MQTT-3.1.0-1', 'the first packet has to be CONNECT');
    case 'authenticating':
      return handleBeforeConnack(connection, packet);
    case 'closing':
    case 'closed':
      return undefined;
  }
}

/** The client has named an authentication method: nothing but AUTH and DISCONNECT may come. [MQTT-3.1.2-30] */
function handleBeforeConnack(connection: Connection, packet: DecodedPacket): MaybePromise<void> {
  switch (packet.type) {
    case 'auth':
      return connection.handshake?.continueAuthentication(packet);
    case 'disconnect':
      return handleDisconnect(connection, packet);
    default:
      throw new ProtocolError(
        ReasonCode.ProtocolError,
        packet.type === 'connect' ? 'MQTT-3.1.0-2' : 'MQTT-3.1.2-30',
        `${packet.type.toUpperCase()} is not allowed before CONNACK; AUTH or DISCONNECT is`,
      );
  }
}

function handle(connection: Connection, packet: DecodedPacket): MaybePromise<void> {
  switch (packet.type) {
    case 'publish':
      return handlePublish(connection, packet);
    case 'puback':
      return handlePuback(connection, packet);
    case 'pubrec':
      return handlePubrec(connection, packet);
    case 'pubrel':
      return handlePubrel(connection, packet);
    case 'pubcomp':
      return handlePubcomp(connection, packet);
    case 'subscribe':
      return handleSubscribe(connection, packet);
    case 'unsubscribe':
      return handleUnsubscribe(connection, packet);
    case 'pingreq':
      return handlePingreq(connection);
    case 'disconnect':
      return handleDisconnect(connection, packet);
    case 'auth':
      return handleAuth(connection, packet);
    case 'connect':
      throw new ProtocolError(ReasonCode.ProtocolError, 'MQTT-3.1.0-2', 'a second CONNECT is not allowed');
    case 'connack':
    case 'suback':
    case 'unsuback':
    case 'pingresp':
      throw new ProtocolError(
        ReasonCode.ProtocolError,
        '§2.1.2',
        `${packet.type.toUpperCase()} is sent by servers only`,
      );
  }
}
