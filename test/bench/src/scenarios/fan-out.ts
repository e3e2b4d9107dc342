import { messageScenario, times } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** One publisher, everybody gets everything. A message counts once for each subscriber it reaches. */
export const fanOut: readonly Scenario[] = [500, 5000].map((subscribers) =>
  messageScenario({
    name: `fan-out-${subscribers}`,
    title: `fan-out to ${subscribers.toLocaleString('en')}, window 20`,
    plan: { layout: { kind: 'fan-out', subscribers }, pace: { kind: 'window', messages: 20 } },
    goals: times({ mosquitto: 5, aedes: 10, relay: 0.5 }),
  }),
);
