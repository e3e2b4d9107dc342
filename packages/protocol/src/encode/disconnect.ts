import type { DisconnectPacket, ProtocolVersion } from '../packets.ts';
import { putReasonCode } from './codes.ts';
import { hasNoProperties, putProperties } from './properties.ts';
import type { Sink } from './sink.ts';

/** Section 3.14, in the shortest form. Before MQTT 5.0 there is nothing to it. */
export function putDisconnect(sink: Sink, packet: DisconnectPacket, version: ProtocolVersion): void {
  if (version !== 5) return;
  const isPlain = hasNoProperties(packet.properties, 'disconnect');
  if (packet.reasonCode === 0 && isPlain) return;
  putReasonCode(sink, 'disconnect', packet.reasonCode, 'reasonCode');
  if (!isPlain) putProperties(sink, packet.properties, 'disconnect');
}
