import type { ConnackPacket, ProtocolVersion } from '../packets.ts';
import { putAnswerCode } from './codes.ts';
import { putProperties } from './properties.ts';
import type { Sink } from './sink.ts';

/** Section 3.2. MQTT 3.1 has no Session Present. */
export function putConnack(sink: Sink, packet: ConnackPacket, version: ProtocolVersion): void {
  sink.byte(packet.sessionPresent && version !== 3 ? 1 : 0, 'sessionPresent');
  putAnswerCode(sink, 'connack', packet.reasonCode, version, 'reasonCode');
  if (version === 5) putProperties(sink, packet.properties, 'connack');
}
