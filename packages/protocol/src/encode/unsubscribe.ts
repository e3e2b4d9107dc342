import { EncodeError } from '../encode-error.ts';
import type { ProtocolVersion, UnsubscribePacket } from '../packets.ts';
import { putPacketId } from './codes.ts';
import { putProperties } from './properties.ts';
import type { Sink } from './sink.ts';

/** Section 3.10. */
export function putUnsubscribe(sink: Sink, packet: UnsubscribePacket, version: ProtocolVersion): void {
  // [MQTT-3.10.3-2]
  if (packet.filters.length === 0) throw new EncodeError('filters', 'must not be empty');
  putPacketId(sink, packet.packetId);
  if (version === 5) putProperties(sink, packet.properties, 'unsubscribe');
  for (const filter of packet.filters) sink.string(filter, 'filter');
}
