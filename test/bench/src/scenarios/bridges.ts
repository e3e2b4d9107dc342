import { messagesPlan, times } from './messages.ts';
import type { Scenario } from './scenario.ts';

const hops = 'publishers, broker, bridge, broker, subscribers';

/** A bridge out between two brokers of one make, on one core: what it costs is the time of both. */
export const bridges: readonly Scenario[] = ([0, 1, 2] as const).map((qos) => ({
  name: `bridge-qos${qos}`,
  title: `${hops}, QoS ${qos}, 10 pairs, window 50`,
  needs: ['bridge'],
  bridged: qos,
  figures: [
    { id: 'rate', title: 'messages', unit: 'per second' },
    { id: 'cpu', title: 'CPU of both brokers per message', unit: 'microseconds' },
  ],
  goals: times({ mosquitto: 1 }),
  plan: (ground) =>
    messagesPlan(ground, {
      layout: { kind: 'pairs', pairs: 10 },
      pace: { kind: 'window', messages: 50 },
      qos,
    }),
}));
