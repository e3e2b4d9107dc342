import { faults } from '../faults.ts';
import type { ConnectPacket, ProtocolVersion, Will } from '../packets.ts';
import { noProperties, type PropertyBag } from '../properties.ts';
import { faulty, ProtocolError } from '../protocol-error.ts';
import type { Cursor } from './cursor.ts';
import { decodeProperties } from './properties.ts';
import { toQoS } from './qos.ts';

/** Section 3.1. The cursor takes the version of this CONNECT as soon as it is read. */
export function decodeConnect(cursor: Cursor): ConnectPacket {
  cursor.version = undefined;
  const { version, bridge } = decodeVersion(cursor);
  cursor.version = version;

  const flags = cursor.byte('Connect Flags');
  checkFlags(flags, version);
  const keepAlive = cursor.twoBytes('Keep Alive');
  const properties = version === 5 ? decodeConnectProperties(cursor) : noProperties;

  // [MQTT-3.1.3-1]: Client Identifier, will, User Name, Password.
  if (cursor.atEnd) throw faulty(faults.clientIdMissing, version);
  const packet: ConnectPacket = {
    type: 'connect',
    protocolVersion: version,
    bridge,
    clientId: cursor.string('Client Identifier'),
    cleanStart: (flags & 0x02) !== 0,
    keepAlive,
    properties,
  };
  if ((flags & 0x04) !== 0) packet.will = decodeWill(cursor, flags, version);
  if ((flags & 0x80) !== 0 && !mayBeMissing(cursor)) {
    if (cursor.atEnd) throw faulty(faults.usernameMissing, version);
    packet.username = cursor.string('User Name');
  }
  if ((flags & 0x40) !== 0 && !mayBeMissing(cursor)) {
    if (cursor.atEnd) throw faulty(faults.passwordMissing, version);
    packet.password = cursor.binary('Password');
  }
  cursor.expectEnd();
  return packet;
}

function decodeVersion(cursor: Cursor): { version: ProtocolVersion; bridge: boolean } {
  const name = cursor.string('Protocol Name');
  if (name !== 'MQTT' && name !== 'MQIsdp') {
    // [MQTT-3.1.2-1]
    throw unsupported(faults.protocolName, name, cursor.atEnd ? undefined : cursor.byte('Protocol Level'));
  }
  const level = cursor.byte('Protocol Level');
  if (name === 'MQIsdp' && level === 3) return { version: 3, bridge: false };
  if (name === 'MQIsdp' && level === 0x83) return { version: 3, bridge: true };
  if (name === 'MQTT' && level === 4) return { version: 4, bridge: false };
  if (name === 'MQTT' && level === 0x84) return { version: 4, bridge: true };
  if (name === 'MQTT' && level === 5) return { version: 5, bridge: false };
  // [MQTT-3.1.2-2]
  throw unsupported(faults.protocolLevel, name, level);
}

function unsupported(
  fault: typeof faults.protocolName | typeof faults.protocolLevel,
  protocolName: string,
  protocolLevel: number | undefined,
): ProtocolError {
  const asked = `${JSON.stringify(protocolName.slice(0, 32))} level ${protocolLevel}`;
  return new ProtocolError(fault.reasonCode, fault.rule, `${fault.says}: ${asked}`, {
    protocolName,
    protocolLevel,
  });
}

function checkFlags(flags: number, version: ProtocolVersion): void {
  const will = (flags & 0x04) !== 0;
  const willQoS = (flags >> 3) & 0x03;
  // MQTT 3.1 leaves the reserved bit, and the will's bits when there is no will, without a meaning.
  if (version !== 3) {
    // [MQTT-3.1.2-3]
    if ((flags & 0x01) !== 0) throw faulty(faults.reservedConnectFlag, version);
    // [MQTT-3.1.2-11]
    if (!will && willQoS !== 0) throw faulty(faults.willQoSWithoutWill, version);
    // [MQTT-3.1.2-13]
    if (!will && (flags & 0x20) !== 0) throw faulty(faults.willRetainWithoutWill, version);
  }
  // [MQTT-3.1.2-12]
  if (will && willQoS === 3) throw faulty(faults.willQoS3, version);
  // v3:[MQTT-3.1.2-22]; MQTT 5.0 allows it.
  if (version !== 5 && (flags & 0xc0) === 0x40) throw faulty(faults.passwordWithoutUsername, version);
}

function decodeConnectProperties(cursor: Cursor): PropertyBag {
  const properties = decodeProperties(cursor, 'connect');
  if (properties.authenticationData !== undefined && properties.authenticationMethod === undefined) {
    throw faulty(faults.connectAuthenticationData, cursor.version);
  }
  return properties;
}

function decodeWill(cursor: Cursor, flags: number, version: ProtocolVersion): Will {
  // [MQTT-3.1.2-9]
  if (cursor.atEnd) throw faulty(faults.willMissing, version);
  const properties = version === 5 ? decodeProperties(cursor, 'will') : noProperties;
  const topic = cursor.string('Will Topic');
  const payload = cursor.binary('Will Payload');
  return { topic, payload, qos: toQoS(flags >> 3), retain: (flags & 0x20) !== 0, properties };
}

/** In MQTT 3.1 the Remaining Length has precedence over the flags: a User Name or Password may be left out. */
function mayBeMissing(cursor: Cursor): boolean {
  return cursor.version === 3 && cursor.atEnd;
}
