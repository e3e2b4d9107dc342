import { EncodeError } from '../encode-error.ts';
import type { ConnectPacket, ProtocolVersion, Will } from '../packets.ts';
import { putProperties } from './properties.ts';
import { checkQoS } from './qos.ts';
import type { Sink } from './sink.ts';

/** Section 3.1. */
export function putConnect(sink: Sink, packet: ConnectPacket, version: ProtocolVersion): void {
  const { will, username, password, properties } = packet;
  if (packet.protocolVersion !== version) {
    throw new EncodeError(
      'protocolVersion',
      `is ${packet.protocolVersion}, and the packet is for ${version}`,
    );
  }
  // v3:[MQTT-3.1.2-22]
  if (version !== 5 && password !== undefined && username === undefined) {
    throw new EncodeError('password', 'needs a username before MQTT 5.0');
  }
  if (version === 5 && packet.bridge) throw new EncodeError('bridge', 'does not exist in MQTT 5.0');
  if (version === 5 && properties.authenticationData !== undefined) {
    if (properties.authenticationMethod === undefined) {
      throw new EncodeError('authenticationData', 'needs an authenticationMethod');
    }
  }

  sink.string(version === 3 ? 'MQIsdp' : 'MQTT', 'protocolName');
  sink.byte(packet.bridge ? version | 0x80 : version, 'protocolVersion');
  sink.byte(connectFlags(packet), 'flags');
  sink.twoBytes(packet.keepAlive, 'keepAlive');
  if (version === 5) putProperties(sink, properties, 'connect');
  sink.string(packet.clientId, 'clientId');
  if (will !== undefined) putWill(sink, will, version);
  if (username !== undefined) sink.string(username, 'username');
  if (password !== undefined) sink.binary(password, 'password');
}

function connectFlags({ cleanStart, will, username, password }: ConnectPacket): number {
  let flags = 0;
  if (cleanStart) flags |= 0x02;
  if (will !== undefined) flags |= 0x04 | (checkQoS(will.qos, 'will.qos') << 3) | (will.retain ? 0x20 : 0);
  if (password !== undefined) flags |= 0x40;
  if (username !== undefined) flags |= 0x80;
  return flags;
}

function putWill(sink: Sink, will: Will, version: ProtocolVersion): void {
  if (version === 5) putProperties(sink, will.properties, 'will');
  sink.string(will.topic, 'will.topic');
  sink.binary(will.payload, 'will.payload');
}
