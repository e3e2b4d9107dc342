import type { Ground } from '../load/plan.ts';
import { messagesPlan } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** What is rare takes longer to be seen. */
const longer = (ground: Ground): Ground => ({ ...ground, seconds: 3 * ground.seconds });

/**
 * A steady rate, half of what saturates Mosquitto; latency counts from when a message was due. At a steady rate messages
 * come one by one, and so what saturates it is measured where each has its own read and write.
 */
export const latency: readonly Scenario[] = [
  {
    name: 'latency',
    title: 'latency at half of what saturates Mosquitto, 100 pairs, QoS 0',
    needs: [],
    saturation: { scenario: 'pairs-500-qos0', target: 'mosquitto' },
    figures: [
      { id: 'rate', title: 'messages', unit: 'per second' },
      { id: 'p50', title: 'half within', unit: 'microseconds' },
      { id: 'p99', title: '99 % within', unit: 'microseconds' },
      { id: 'usual99', title: '99 % within, as a rule', unit: 'microseconds' },
      { id: 'p999', title: '99.9 % within', unit: 'microseconds' },
      { id: 'late99', title: 'late by the generator, 99 % within', unit: 'microseconds' },
      { id: 'cpu', title: 'broker CPU per message', unit: 'microseconds' },
    ],
    goals: [{ figure: 'p99', against: 'mosquitto', atMost: 1.25 }],
    plan: (ground, saturation) =>
      messagesPlan(longer(ground), {
        layout: { kind: 'pairs', pairs: 100 },
        pace: { kind: 'rate', perSecond: saturation / 2 },
      }),
  },
];
