import { EncodeError } from '../encode-error.ts';
import type { AuthPacket, ProtocolVersion } from '../packets.ts';
import { putReasonCode } from './codes.ts';
import { hasNoProperties, putProperties } from './properties.ts';
import type { Sink } from './sink.ts';

/** Section 3.15. The only short form is the empty one. */
export function putAuth(sink: Sink, packet: AuthPacket, version: ProtocolVersion): void {
  const { reasonCode, properties } = packet;
  if (version !== 5) throw new EncodeError('type', 'auth does not exist before MQTT 5.0');
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw new EncodeError('authenticationData', 'needs an authenticationMethod');
  }
  if (reasonCode === 0 && hasNoProperties(properties, 'auth')) return;
  putReasonCode(sink, 'auth', reasonCode, 'reasonCode');
  putProperties(sink, properties, 'auth');
}
