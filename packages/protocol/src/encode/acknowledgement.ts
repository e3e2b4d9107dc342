import type { ProtocolVersion, PubackPacket, PubcompPacket, PubrecPacket, PubrelPacket } from '../packets.ts';
import { putPacketId, putReasonCode } from './codes.ts';
import { hasNoProperties, putProperties } from './properties.ts';
import type { Sink } from './sink.ts';

type Acknowledgement = PubackPacket | PubrecPacket | PubrelPacket | PubcompPacket;

/** PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7), in the shortest form. */
export function putAcknowledgement(sink: Sink, packet: Acknowledgement, version: ProtocolVersion): void {
  const { type, reasonCode, properties } = packet;
  putPacketId(sink, packet.packetId);
  if (version !== 5) return;
  const isPlain = hasNoProperties(properties, type);
  if (reasonCode === 0 && isPlain) return;
  putReasonCode(sink, type, reasonCode, 'reasonCode');
  if (!isPlain) putProperties(sink, properties, type);
}
