import { hundredPairs, messageScenario } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** What it costs to ask somebody about each message; `pairs` with as many clients is the same without. */
export const authorization: readonly Scenario[] = [
  messageScenario({
    name: 'authorize-plain',
    title: 'authorizePublish that answers at once, 100 pairs, window 10',
    needs: ['authorize'],
    setup: { over: 'tcp', authorize: 'plain' },
    plan: hundredPairs,
    goals: [],
  }),
  messageScenario({
    name: 'authorize-promise',
    title: 'authorizePublish that answers by a promise, 100 pairs, window 10',
    needs: ['authorize'],
    setup: { over: 'tcp', authorize: 'promise' },
    plan: hundredPairs,
    goals: [],
  }),
  messageScenario({
    name: 'authorize-next-turn',
    title: 'authorizePublish that answers in the next turn, 100 pairs, window 10',
    needs: ['authorize'],
    setup: { over: 'tcp', authorize: 'next turn' },
    plan: hundredPairs,
    goals: [],
  }),
  messageScenario({
    name: 'authorize-rules',
    title: 'A thousand access rules of auth-acl, 100 pairs, window 10',
    needs: ['rules'],
    setup: { over: 'tcp', rules: 1000 },
    plan: hundredPairs,
    goals: [],
  }),
];
