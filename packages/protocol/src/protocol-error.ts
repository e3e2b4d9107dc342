import type { ProtocolVersion } from './packets.ts';

/** What a CONNECT asked for when it named a protocol or a level that is not MQTT 3.1, 3.1.1 or 5.0. */
export interface UnsupportedVersion {
  protocolName: string;
  /** The whole byte as sent; undefined if the packet ended before it. */
  protocolLevel: number | undefined;
}

/**
 * The bytes are not an MQTT packet: the peer's fault, and the end of its connection. The only error that
 * `PacketReader` throws.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code = 'MQTT_PROTOCOL_ERROR';
  /** The MQTT 5.0 reason code that says it best, for CONNACK or DISCONNECT. */
  readonly reasonCode: number;
  /** The statement or section of the standard that was broken, such as `MQTT-3.3.1-4` or `§3.8.3.1`. */
  readonly rule: string;
  /** Present with reason code 0x84. */
  readonly unsupportedVersion: UnsupportedVersion | undefined;

  constructor(reasonCode: number, rule: string, message: string, unsupportedVersion?: UnsupportedVersion) {
    super(`${message} [${rule}]`);
    this.reasonCode = reasonCode;
    this.rule = rule;
    this.unsupportedVersion = unsupportedVersion;
  }
}

/** One way in which bytes fail to be a packet. Where MQTT 3.1.1 numbers the rule otherwise, `rule3` says how. */
export interface Fault {
  readonly reasonCode: number;
  readonly rule: string;
  readonly rule3?: string;
  readonly says: string;
}

/** The error for a fault, citing the standard of the version in use. */
export function faulty(fault: Fault, version: ProtocolVersion | undefined, detail?: string): ProtocolError {
  const before5 = version === 3 || version === 4;
  const rule = before5 ? (fault.rule3 ?? fault.rule) : fault.rule;
  return new ProtocolError(
    fault.reasonCode,
    rule,
    detail === undefined ? fault.says : `${fault.says}: ${detail}`,
  );
}
