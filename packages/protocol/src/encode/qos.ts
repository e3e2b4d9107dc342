import { EncodeError } from '../encode-error.ts';
import type { QoS } from '../packets.ts';

/** Plain JavaScript may hand in anything. */
export function checkQoS(qos: QoS, field: string): QoS {
  if (qos === 0 || qos === 1 || qos === 2) return qos;
  throw new EncodeError(field, `must be 0, 1 or 2, not ${String(qos)}`);
}
