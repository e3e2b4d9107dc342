import type { QoS } from '@carillon/protocol';

/** A message travels at the lower of what was published and what was granted. [MQTT-3.8.4-8] */
export function lowerQoS(a: QoS, b: QoS): QoS {
  if (a <= b) return a;
  return b;
}
