import { asError } from '@carillon/hooks/checks';
import type { StoredPacket } from './aedes-packet.ts';

/** What a packet holds. One that cannot be read is told, and undefined. */
export function readOrTell<T>(
  packet: StoredPacket | Error,
  read: (packet: StoredPacket) => T,
  tell: (error: Error) => void,
): T | undefined {
  try {
    if (packet instanceof Error) throw packet;
    return read(packet);
  } catch (error) {
    tell(asError(error));
    return undefined;
  }
}
