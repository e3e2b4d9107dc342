import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { ByteChannel, Remote } from '@carillon/hooks';

/** Tells a channel from a stream: no stream counts its unsent bytes under this name. */
export function isChannel(connection: Duplex | ByteChannel): connection is ByteChannel {
  return 'unsentBytes' in connection;
}

/** What is known of the other end: what the host says, and what a socket tells by itself. */
export function remoteOfConnection(connection: Duplex | ByteChannel, told: Partial<Remote>): Remote {
  return {
    transport: 'stream',
    encrypted: connection instanceof TLSSocket,
    ...(connection instanceof Socket && told.address === undefined ? addressOf(connection) : {}),
    ...told,
  };
}

function addressOf({ remoteAddress, remotePort }: Socket): Partial<Remote> {
  if (remoteAddress === undefined) return {};
  // An IPv4 peer of a socket that takes both families.
  const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '');
  return {
    address,
    family: address.includes(':') ? 'IPv6' : 'IPv4',
    ...(remotePort !== undefined && { port: remotePort }),
  };
}
