import type { PacketType } from '../packets.ts';
import { ProtocolError } from '../protocol-error.ts';
import { isReasonCodeFor, isReturnCodeFor, ReasonCode } from '../reason-codes.ts';

/** The packets with a reason code, each with the rule that its code comes from its table. */
const rules = {
  connack: 'MQTT-3.2.2-8',
  puback: 'MQTT-3.4.2-1',
  pubrec: 'MQTT-3.5.2-1',
  pubrel: 'MQTT-3.6.2-1',
  pubcomp: 'MQTT-3.7.2-1',
  suback: 'MQTT-3.9.3-2',
  unsuback: 'MQTT-3.11.3-2',
  disconnect: 'MQTT-3.14.2-1',
  auth: 'MQTT-3.15.2-1',
} as const satisfies Partial<Record<PacketType, string>>;

/** The same for the return codes of MQTT 3.1 and 3.1.1. */
const rules3 = { connack: 'MQTT-3.2.2-6', suback: 'MQTT-3.9.3-2' } as const;

/** @throws ProtocolError if MQTT 5.0 does not know the reason code in this packet. */
export function checkReasonCode(packetType: keyof typeof rules, code: number): void {
  if (!isReasonCodeFor(packetType, code)) throw unknownCode(packetType, code, rules[packetType]);
}

/** @throws ProtocolError if MQTT 3.1.1 does not know the return code in this packet. */
export function checkReturnCode(packetType: keyof typeof rules3, code: number): void {
  if (!isReturnCodeFor(packetType, code)) throw unknownCode(packetType, code, rules3[packetType]);
}

function unknownCode(packetType: PacketType, code: number, rule: string): ProtocolError {
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  return new ProtocolError(
    ReasonCode.ProtocolError,
    rule,
    `${hex} is not a reason code of ${packetType.toUpperCase()}`,
  );
}
