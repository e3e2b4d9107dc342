import { EncodeError } from '../encode-error.ts';
import type { ProtocolVersion, SubackPacket } from '../packets.ts';
import { putAnswerCode, putPacketId } from './codes.ts';
import { putProperties } from './properties.ts';
import type { Sink } from './sink.ts';

/** Section 3.9. Before MQTT 5.0 the only codes are 0, 1, 2 and 0x80. */
export function putSuback(sink: Sink, packet: SubackPacket, version: ProtocolVersion): void {
  if (packet.reasonCodes.length === 0) throw new EncodeError('reasonCodes', 'must not be empty');
  putPacketId(sink, packet.packetId);
  if (version === 5) putProperties(sink, packet.properties, 'suback');
  for (const code of packet.reasonCodes) putAnswerCode(sink, 'suback', code, version, 'reasonCodes');
}
