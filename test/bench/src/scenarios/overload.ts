import type { Scenario } from './scenario.ts';

/** Bytes that a broker may keep for two subscribers that hang and two publishers that never stop. */
const BOUND = 128 * 1024 ** 2;

/** Limits as they are out of the box: it is they who have to hold. */
export const overload: readonly Scenario[] = [
  {
    name: 'overload',
    title: 'others beside two publishers that never stop and two subscribers that hang',
    needs: ['wildcards'],
    setup: { over: 'tcp', defaultLimits: true },
    figures: [
      { id: 'quietP99', title: '99 % within, when it is quiet', unit: 'microseconds' },
      { id: 'p99', title: '99 % within, beside them', unit: 'microseconds' },
      { id: 'p99Ratio', title: 'how many times that is', unit: 'times' },
      { id: 'growth', title: 'memory that is added', unit: 'bytes' },
    ],
    goals: [
      { figure: 'p99Ratio', atMost: 2 },
      { figure: 'growth', atMost: BOUND },
    ],
    plan: (ground) => ({ ...ground, load: 'overload' }),
  },
];
