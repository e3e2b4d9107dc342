import { EncodeError } from '../encode-error.ts';
import type { ProtocolVersion, UnsubackPacket } from '../packets.ts';
import { putPacketId, putReasonCode } from './codes.ts';
import { putProperties } from './properties.ts';
import type { Sink } from './sink.ts';

/** Section 3.11. Before MQTT 5.0 the Packet Identifier is all. */
export function putUnsuback(sink: Sink, packet: UnsubackPacket, version: ProtocolVersion): void {
  putPacketId(sink, packet.packetId);
  if (version !== 5) return;
  if (packet.reasonCodes.length === 0) throw new EncodeError('reasonCodes', 'must not be empty');
  putProperties(sink, packet.properties, 'unsuback');
  for (const code of packet.reasonCodes) putReasonCode(sink, 'unsuback', code, 'reasonCodes');
}
