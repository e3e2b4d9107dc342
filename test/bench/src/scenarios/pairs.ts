import { messageScenario, times } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** Publishers with one subscriber each. A pair's window says how many of its messages are under way at most. */
export const pairs: readonly Scenario[] = [
  pair(1, 1000, 0, { mosquitto: 5, aedes: 10, relay: 0.5 }),
  pair(100, 10, 0, { mosquitto: 3, aedes: 5, relay: 0.5 }),
  // Every message costs its own read and its own write.
  pair(500, 1, 0, { mosquitto: 1, aedes: 1.5, relay: 0.5 }),
  pair(1, 100, 1, { mosquitto: 5, aedes: 10, relay: 0.5 }),
  pair(100, 10, 1, { mosquitto: 3, aedes: 5, relay: 0.5 }),
  pair(100, 10, 2, { mosquitto: 2.5, aedes: 5, relay: 0.5 }),
];

function pair(count: number, window: number, qos: 0 | 1 | 2, factors: Parameters<typeof times>[0]): Scenario {
  return messageScenario({
    name: `pairs-${count}-qos${qos}`,
    title: `${count === 1 ? 'one pair' : `${count} pairs`}, QoS ${qos}, window ${window}`,
    plan: { layout: { kind: 'pairs', pairs: count }, pace: { kind: 'window', messages: window }, qos },
    goals: times(factors),
  });
}
