import type { ConnectPacket } from '@carillon/protocol';
import type { Connection } from '../connection/connection.ts';
import { Handshake } from './handshake.ts';

/** CONNECT begins the handshake, which ends in CONNACK: see `handshake.ts` for the steps. */
export function handleConnect(connection: Connection, packet: ConnectPacket): Promise<void> {
  const handshake = new Handshake(connection, packet);
  connection.handshake = handshake;
  connection.state = 'authenticating';
  return handshake.run();
}
