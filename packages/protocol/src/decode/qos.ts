import type { QoS } from '../packets.ts';

/** The QoS in the two lowest bits, already known not to be 3. */
export function toQoS(bits: number): QoS {
  const value = bits & 0x03;
  return value === 1 ? 1 : value === 2 ? 2 : 0;
}
