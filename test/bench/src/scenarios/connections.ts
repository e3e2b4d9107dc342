import type { Scenario } from './scenario.ts';

const IDLE = 10_000;

/** Connections: how fast they come and go, and what they weigh while they say nothing. */
export const connections: readonly Scenario[] = [
  cycles('connects', 'connects, 50 at a time', 'connect'),
  cycles('churn', 'connect, subscribe, publish, disconnect, 50 at a time', 'session'),
  {
    name: 'idle-connections',
    title: `${IDLE.toLocaleString('en')} idle connections, one subscription each`,
    needs: [],
    figures: [
      { id: 'bytes', title: 'memory for each', unit: 'bytes' },
      { id: 'keptBytes', title: 'the same, garbage collected', unit: 'bytes' },
    ],
    goals: [{ figure: 'bytes', against: 'aedes', atMost: 0.5 }],
    plan: (ground) => ({ ...ground, load: 'idle', connections: IDLE }),
  },
];

function cycles(name: string, title: string, cycle: 'connect' | 'session'): Scenario {
  return {
    name,
    title,
    needs: [],
    figures: [
      { id: 'rate', title: 'cycles', unit: 'per second' },
      { id: 'cpu', title: 'broker CPU per cycle', unit: 'microseconds' },
    ],
    goals: [{ figure: 'rate', against: 'relay', atLeast: 0.7 }],
    plan: (ground) => ({ ...ground, load: 'cycles', cycle, atATime: 50 }),
  };
}
