import { messageFigures, times } from './messages.ts';
import type { Scenario } from './scenario.ts';

const MESSAGES = 100_000;

export const retained: readonly Scenario[] = [
  {
    name: 'retained',
    title: `${MESSAGES.toLocaleString('en')} retained messages, sent to a new \`#\``,
    needs: ['retained', 'wildcards'],
    figures: messageFigures,
    goals: times({ mosquitto: 1 }),
    plan: (ground) => ({ ...ground, load: 'retained', messages: MESSAGES }),
  },
];
