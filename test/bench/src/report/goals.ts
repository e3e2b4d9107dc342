import { figureOf, type Results, ratioOf } from '../results.ts';
import type { Goal, Scenario } from '../scenarios/scenario.ts';

/** A goal, and how far it was reached. */
export interface Verdict {
  readonly goal: Goal;
  /** The ratio to whom it is against, or the figure itself; NaN when it was not measured. */
  readonly value: number;
  readonly isMet: boolean;
}

export function verdictsOn(scenario: Scenario, results: Results): Verdict[] {
  return scenario.goals.map((goal) => {
    const value = reached(goal, scenario, results);
    const isMet =
      value >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) &&
      value <= (goal.atMost ?? Number.POSITIVE_INFINITY);
    return { goal, value, isMet };
  });
}

function reached({ figure, against }: Goal, { name }: Scenario, results: Results): number {
  const own = { scenario: name, target: 'carillon' } as const;
  if (against === undefined) return figureOf(results, name, 'carillon', figure);
  if (typeof against === 'string') return ratioOf(results, figure, own, { scenario: name, target: against });
  return ratioOf(results, figure, own, { ...own, scenario: against.scenario });
}
