import { messageScenario, times } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** Many sensors, one subscriber with a wildcard. */
export const fanIn: readonly Scenario[] = [
  messageScenario({
    name: 'fan-in-100',
    title: 'fan-in: 100 publishers to one `+`, window 10',
    needs: ['wildcards'],
    plan: { layout: { kind: 'fan-in', publishers: 100 }, pace: { kind: 'window', messages: 10 } },
    goals: times({ mosquitto: 1 }),
  }),
];
