import { faultsInWords } from './load/tally.ts';
import { measure, type Timing } from './measure.ts';
import type { Measurement } from './results.ts';
import type { Scenario } from './scenarios/scenario.ts';
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
  for (let round = 1; round <= schedule.rounds; round++) {
    for (const scenario of schedule.scenarios) {
      for (const target of schedule.targets.filter((one) => canRun(scenario, one))) {
        yield {
          scenario: scenario.name,
          target: target.name,
          round,
          outcome: await outcomeOf(scenario, target, schedule),
        };
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
): Promise<Measurement['outcome']> {
  try {
    const result = await measure(scenario, target, timing);
    const wrong = faultsInWords(result.faults);
    // A rate with losses is no rate.
    return wrong === '' ? { result } : { failure: `messages: ${wrong}` };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
