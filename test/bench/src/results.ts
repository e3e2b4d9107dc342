// What a run of the benchmark found, as it is written to a file of JSON.
import type { LoadResult } from './load/plan.ts';
import { median } from './load/statistics.ts';
import type { TargetName } from './targets/target.ts';

/** One scenario on one target in one round. */
export interface Measurement {
  readonly scenario: string;
  readonly target: TargetName;
  readonly round: number;
  /** What was found, or why nothing was. */
  readonly outcome: { readonly result: LoadResult } | { readonly failure: string };
}

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Which process ran where. */
  readonly pinning: string;
}

export interface Results {
  /** When the run ended: an ISO date. */
  readonly date: string;
  /** The commit that was measured, if there is a repository. */
  readonly commit: string | undefined;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly versions: Readonly<Partial<Record<TargetName, string>>>;
  readonly measurements: readonly Measurement[];
}

/** A figure of one target, round by round. */
function figureByRound(
  { measurements }: Pick<Results, 'measurements'>,
  scenario: string,
  target: TargetName,
  figure: string,
): Map<number, number> {
  const ofTarget = measurements.filter((one) => one.scenario === scenario && one.target === target);
  return new Map(
    ofTarget.flatMap(({ round, outcome }) => {
      const value = 'result' in outcome ? outcome.result.figures[figure] : undefined;
      return value === undefined || Number.isNaN(value) ? [] : [[round, value] as const];
    }),
  );
}

/** The median over the rounds; NaN when nothing was measured. */
export function figureOf(
  results: Pick<Results, 'measurements'>,
  scenario: string,
  target: TargetName,
  figure: string,
): number {
  return median([...figureByRound(results, scenario, target, figure).values()]);
}

/** Whether generators were as busy as their core allowed, so that the broker may be faster than it looked. */
export function wasGeneratorBusy(
  { measurements }: Pick<Results, 'measurements'>,
  scenario: string,
  target: TargetName,
): boolean {
  const shares = measurements
    .filter((one) => one.scenario === scenario && one.target === target)
    .flatMap(({ outcome }) => ('result' in outcome ? [outcome.result.generatorShare] : []));
  return median(shares) > 0.95;
}

/** A place where a figure was measured. */
export interface Source {
  readonly scenario: string;
  readonly target: TargetName;
}

/**
 * The median of the ratios within each round, which were measured one after the other: a machine that is slower in
 * one round than in the next is so for both.
 */
export function ratioOf(
  results: Pick<Results, 'measurements'>,
  figure: string,
  over: Source,
  under: Source,
): number {
  const divisors = figureByRound(results, under.scenario, under.target, figure);
  const ratios = [...figureByRound(results, over.scenario, over.target, figure)].map(
    ([round, value]) => value / (divisors.get(round) ?? Number.NaN),
  );
  return median(ratios);
}
