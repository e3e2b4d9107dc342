import type { TreeShape } from '../load/plan.ts';
import type { Figure, Goal, Scenario } from './scenario.ts';

const shapes: readonly (readonly [TreeShape, string])[] = [
  ['exact', 'exact'],
  ['plus', '`+`'],
  ['hash', '`#`'],
  ['mixed', 'mixed'],
];

const LARGEST = 1e6;
/** Aedes takes minutes for more. */
const LARGE = 1e5;
const SMALLEST = 1e3;

const publishFigures: readonly Figure[] = [
  { id: 'rate', title: 'messages in batches, a thousand topics', unit: 'per second' },
  { id: 'cpu', title: 'broker CPU per message', unit: 'microseconds' },
  { id: 'spreadCpu', title: 'the same, all topics of 50 clients', unit: 'microseconds' },
];

/** Subscribing to a few takes no time that can be measured. */
const subscribeFigures: readonly Figure[] = [
  { id: 'subscribeRate', title: 'subscriptions', unit: 'per second' },
  { id: 'subscribeCpu', title: 'broker CPU for each', unit: 'microseconds' },
  { id: 'bytes', title: 'memory for all', unit: 'bytes' },
];

/** Subscriptions by the thousand and the million; each message has one receiver. */
export const trees: readonly Scenario[] = shapes.flatMap(([shape, title]) =>
  (shape === 'exact' ? [SMALLEST, LARGE, LARGEST] : [SMALLEST, LARGEST]).map((filters) =>
    tree(filters, shape, title),
  ),
);

function tree(filters: number, shape: TreeShape, title: string): Scenario {
  const isLarge = filters > SMALLEST;
  return {
    name: `tree-${shape}-${filters}`,
    title: `${filters.toLocaleString('en')} subscriptions, ${title}`,
    needs: shape === 'exact' ? [] : ['wildcards'],
    ...(filters === LARGEST && { only: ['carillon', 'mosquitto', 'relay'] }),
    rounds: 1,
    figures: isLarge ? [...subscribeFigures, ...publishFigures] : publishFigures,
    goals: filters === LARGEST ? goalsOf(shape) : [],
    plan: (ground) => ({ ...ground, load: 'tree', filters, shape }),
  };
}

function goalsOf(shape: TreeShape): Goal[] {
  const small = { scenario: `tree-${shape}-${SMALLEST}` };
  const memory: Goal[] = shape === 'exact' ? [{ figure: 'bytes', atMost: 400 * 1024 ** 2 }] : [];
  return [
    { figure: 'subscribeRate', atLeast: 150_000 },
    ...memory,
    { figure: 'cpu', against: small, atMost: 1.5 },
    { figure: 'spreadCpu', against: small, atMost: 1.5 },
  ];
}
