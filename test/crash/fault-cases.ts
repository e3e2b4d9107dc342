import { playScenario, type ScenarioOptions, type ScenarioReport } from './scenario.ts';
import { storeFaults } from './store-fault.ts';

const { CRASH_CASE, CRASH_ALL, CRASH_SEED = '1' } = process.env;

/** Every fault at every call that the store is asked when nothing goes wrong, for a store of that speed. */
export async function storeFaultCases(storeLatency: number): Promise<ScenarioOptions[]> {
  const { storeCalls } = await playScenario({ storeLatency });
  return storeCalls.flatMap((_, before) =>
    storeFaults.map((fault) => ({ storeLatency, storeFault: { call: before + 1, fault } })),
  );
}

/** Every byte of every connection, in both directions, as the last one that comes through. */
export async function cutCases(storeLatency: number): Promise<ScenarioOptions[]> {
  const { bytes } = await playScenario({ storeLatency });
  return bytes.flatMap((count, connection) =>
    (['broker', 'client'] as const).flatMap((towards) =>
      Array.from({ length: count[towards] }, (_, before) => ({
        storeLatency,
        cut: { connection, towards, afterBytes: before + 1 },
      })),
    ),
  );
}

/**
 * Plays the scenario once for each case and says which broke a promise. `CRASH_CASE` plays one alone; of the
 * others the short run takes one in `stride`, other ones with another `CRASH_SEED`.
 */
export async function playCases(
  cases: readonly ScenarioOptions[],
  stride: number,
): Promise<{ played: readonly ScenarioReport[]; broken: readonly string[] }> {
  const played: ScenarioReport[] = [];
  const broken: string[] = [];
  for (const options of chosen(cases, stride)) {
    const report = await playScenario(options);
    played.push(report);
    if (report.faults.length === 0) continue;
    broken.push(`CRASH_CASE='${JSON.stringify(options)}' plays it again: ${report.faults.join('; ')}`);
    if (CRASH_CASE !== undefined) broken.push(...report.conversation);
  }
  return { played, broken };
}

function chosen(cases: readonly ScenarioOptions[], stride: number): readonly ScenarioOptions[] {
  if (CRASH_CASE !== undefined) return cases.filter((options) => JSON.stringify(options) === CRASH_CASE);
  const every = CRASH_ALL === undefined ? stride : 1;
  return cases.filter((_, number) => number % every === Number(CRASH_SEED) % every);
}
