import { type Packet, PacketReader, ProtocolError, type ProtocolVersion } from '@carillon/protocol';

/** Puts bytes together: numbers are single bytes, strings are their UTF-8 bytes without a length. */
export function bytes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === 'number') return [part];
      return typeof part === 'string' ? [...new TextEncoder().encode(part)] : [...part];
    }),
  );
}

/** A reader that is past CONNECT, or before it if no version is given. */
export function readerFor(version?: ProtocolVersion, maximumPacketSize = 1024 * 1024): PacketReader {
  return version === undefined
    ? new PacketReader({ maximumPacketSize })
    : new PacketReader({ maximumPacketSize, protocolVersion: version });
}

/** All packets that are in these bytes. */
export function readAll(source: Uint8Array, version?: ProtocolVersion): Packet[] {
  const reader = readerFor(version);
  reader.feed(source);
  return takeAll(reader);
}

/** All packets that the reader has by now. */
export function takeAll(reader: PacketReader): Packet[] {
  const packets: Packet[] = [];
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) packets.push(plain(packet));
  return packets;
}

/** The same packet as plain data: a decoded PUBLISH without its place in the chunk. */
export function plain(packet: Packet): Packet {
  if (packet.type !== 'publish') return packet;
  const { type, topic, payload, qos, retain, dup, packetId, properties } = packet;
  return { type, topic, payload, qos, retain, dup, packetId, properties };
}

/** The error that reading these bytes ends with. */
export function refusalOf(source: Uint8Array, version?: ProtocolVersion): ProtocolError {
  const reader = readerFor(version);
  reader.feed(source);
  try {
    takeAll(reader);
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error(`the bytes were read without complaint, ${reader.bufferedBytes} are left`);
}
