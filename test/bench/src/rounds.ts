import { faultsInWords } from './load/tally.ts';
import { measure, type Timing } from './measure.ts';
import type { Measurement } from './results.ts';
import { scenarios } from './scenarios/index.ts';
import type { Saturation, Scenario } from './scenarios/scenario.ts';
import { targets } from './targets/index.ts';
import type { Target } from './targets/target.ts';

export interface Schedule extends Timing {
  readonly scenarios: readonly Scenario[];
  readonly targets: readonly Target[];
  readonly rounds: number;
}

/**
 * Measures everything, target after target within a scenario and round after round, so that what else the machine
 * does falls on all of them alike. What fails is noted, and the rest goes on.
 */
export async function* runRounds(schedule: Schedule): AsyncGenerator<Measurement> {
  const rates = new Map<string, number>();
  for (let round = 1; round <= schedule.rounds; round++) {
    for (const scenario of schedule.scenarios.filter(({ rounds = round }) => round <= rounds)) {
      for (const target of schedule.targets.filter((one) => canRun(scenario, one))) {
        const outcome = await outcomeOf(scenario, target, schedule, rates);
        if ('result' in outcome) {
          const { rate = Number.NaN } = outcome.result.figures;
          rates.set(`${scenario.name} ${target.name}`, rate);
        }
        yield { scenario: scenario.name, target: target.name, round, outcome };
      }
    }
  }
}

export function canRun({ needs, only }: Scenario, { name, features }: Target): boolean {
  return (only === undefined || only.includes(name)) && needs.every((feature) => features.has(feature));
}

async function outcomeOf(
  scenario: Scenario,
  target: Target,
  timing: Timing,
  rates: Map<string, number>,
): Promise<Measurement['outcome']> {
  try {
    const saturation = await saturationFor(scenario.saturation, timing, rates);
    const result = await measure(scenario, target, timing, saturation);
    const wrong = faultsInWords(result.faults);
    // A rate with losses is no rate.
    return wrong === '' ? { result } : { failure: `messages: ${wrong}` };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** The latest rate of that scenario on that target; measured now, if this run has none. */
async function saturationFor(
  wanted: Saturation | undefined,
  timing: Timing,
  rates: Map<string, number>,
): Promise<number> {
  if (wanted === undefined) return Number.NaN;
  const key = `${wanted.scenario} ${wanted.target}`;
  const known = rates.get(key);
  if (known !== undefined) return known;
  const scenario = scenarios.find(({ name }) => name === wanted.scenario);
  const target = targets.find(({ name }) => name === wanted.target);
  if (scenario === undefined || target === undefined) throw new Error(`no such measurement: ${key}`);
  const { figures } = await measure(scenario, target, timing, Number.NaN);
  const { rate = Number.NaN } = figures;
  rates.set(key, rate);
  return rate;
}
