import { EncodeError } from '../encode-error.ts';
import type { PacketType, ProtocolVersion } from '../packets.ts';
import { isReasonCodeFor, isReturnCodeFor } from '../reason-codes.ts';
import type { Sink } from './sink.ts';

/** A reason code of MQTT 5.0. */
export function putReasonCode(sink: Sink, type: PacketType, code: number, field: string): void {
  if (!isReasonCodeFor(type, code)) throw unknownCode(type, code, field);
  sink.byte(code, field);
}

/** A reason code of MQTT 5.0, or a return code before. */
export function putAnswerCode(
  sink: Sink,
  type: 'connack' | 'suback',
  code: number,
  version: ProtocolVersion,
  field: string,
): void {
  const isKnown = version === 5 ? isReasonCodeFor(type, code) : isReturnCodeFor(type, code);
  if (!isKnown) throw unknownCode(type, code, field);
  sink.byte(code, field);
}

function unknownCode(type: PacketType, code: number, field: string): EncodeError {
  return new EncodeError(field, `${String(code)} does not exist for ${type.toUpperCase()} in this version`);
}

/** [MQTT-2.2.1-3] */
export function putPacketId(sink: Sink, packetId: number): void {
  if (packetId === 0) throw new EncodeError('packetId', 'must not be 0');
  sink.twoBytes(packetId, 'packetId');
}
