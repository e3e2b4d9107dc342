import type { Scenario } from './scenario.ts';

const PAIRS = 20;

/** With a store on disk: QoS 1 to sessions whose clients are away, who then come back for it. */
export const durable: readonly Scenario[] = (
  [
    ['written', 8],
    ['synced', 4],
  ] as const
).map(([durability, factor]) => ({
  name: `offline-${durability}`,
  title: `QoS 1 to ${PAIRS} offline sessions, \`${durability}\``,
  needs: ['durable', 'sessions'],
  durability,
  figures: [
    { id: 'rate', title: 'acknowledged', unit: 'per second' },
    { id: 'cpu', title: 'broker CPU for each', unit: 'microseconds' },
    { id: 'drainRate', title: 'drained', unit: 'per second' },
    { id: 'drainCpu', title: 'broker CPU for each', unit: 'microseconds' },
  ],
  goals: [
    { figure: 'rate', against: 'aedes', atLeast: factor },
    { figure: 'drainRate', against: 'aedes', atLeast: 30 },
  ],
  plan: (ground) => ({
    ...ground,
    // What a slow store takes in for long it takes minutes to give back.
    warmSeconds: Math.min(0.3, ground.warmSeconds),
    seconds: Math.min(1, ground.seconds),
    load: 'offline',
    sessions: PAIRS,
    publishers: PAIRS,
    window: 50,
  }),
}));
