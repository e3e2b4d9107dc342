import { hundredPairs, messageScenario } from './messages.ts';
import type { Scenario } from './scenario.ts';

/** What it costs to ask somebody about each message. */
export const authorization: readonly Scenario[] = (['plain', 'promise'] as const).map((answer) =>
  messageScenario({
    name: `authorize-${answer}`,
    title: `authorizePublish that answers ${answer === 'plain' ? 'at once' : 'by a promise'}, 100 pairs, window 10`,
    needs: ['authorize'],
    setup: { over: 'tcp', authorize: answer },
    plan: hundredPairs,
    goals: [],
  }),
);
