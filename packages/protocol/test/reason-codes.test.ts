import {
  ConnectReturnCode,
  isReasonCodeFor,
  type PacketType,
  ReasonCode,
  reasonCodeName,
} from '@carillon/protocol';
import { describe, expect, it } from 'vitest';

/** The columns of section 2.4, counted by hand. */
const numberOfCodes: readonly (readonly [PacketType, number])[] = [
  ['connect', 0],
  ['connack', 22],
  ['publish', 0],
  ['puback', 9],
  ['pubrec', 9],
  ['pubrel', 2],
  ['pubcomp', 2],
  ['subscribe', 0],
  ['suback', 12],
  ['unsubscribe', 0],
  ['unsuback', 7],
  ['pingreq', 0],
  ['pingresp', 0],
  ['disconnect', 30],
  ['auth', 3],
];

describe('reason codes', () => {
  it.each(numberOfCodes)('%s has %i of them', (type, count) => {
    const codes = Array.from({ length: 256 }, (_, code) => code);
    expect(codes.filter((code) => isReasonCodeFor(type, code))).toHaveLength(count);
  });

  it('all have a name and a packet', () => {
    for (const code of Object.values(ReasonCode)) {
      expect(reasonCodeName(code)).not.toMatch(/^reason code/);
      expect(numberOfCodes.some(([packet]) => isReasonCodeFor(packet, code))).toBe(true);
    }
    expect(new Set(Object.values(ReasonCode)).size).toBe(43);
  });

  it('are named as the standard names them', () => {
    expect(reasonCodeName(ReasonCode.SessionTakenOver)).toBe('Session taken over');
    expect(reasonCodeName(0)).toBe('Success');
    expect(reasonCodeName(0, 'disconnect')).toBe('Normal disconnection');
    expect(reasonCodeName(0, 'suback')).toBe('Granted QoS 0');
    expect(reasonCodeName(0x87, 'auth')).toBe('Not authorized');
    expect(reasonCodeName(0x05)).toBe('reason code 0x05');
  });

  it('of CONNACK before 5.0 are the six of MQTT 3.1.1', () => {
    expect(Object.values(ConnectReturnCode)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});
