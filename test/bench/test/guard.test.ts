// A run that CI can afford. Rates on a shared machine say nothing; how much processor time two brokers use for a
// message under the same load, one right after the other, does.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { median } from '../src/load/statistics.ts';
import { faultsInWords, noFaults } from '../src/load/tally.ts';
import { measure } from '../src/measure.ts';
import { scenarios } from '../src/scenarios/index.ts';
import { targets } from '../src/targets/index.ts';

/** Less than half of what is measured when nothing else runs: room for noise, none for a lost hot path. */
const FLOOR = 4;
const ROUNDS = 3;
const timing = { warmSeconds: 0.7, seconds: 0.7 };

async function cpuPerMessage(scenarioName: string, targetName: string): Promise<number> {
  const scenario = scenarios.find(({ name }) => name === scenarioName);
  const target = targets.find(({ name }) => name === targetName);
  if (scenario === undefined || target === undefined) throw new Error(`${scenarioName} on ${targetName}?`);
  const { figures, faults } = await measure(scenario, target, timing, Number.NaN);
  expect(faultsInWords(faults)).toBe(faultsInWords(noFaults()));
  const { cpu = Number.NaN } = figures;
  return cpu;
}

const canMeasure = existsSync('/proc/self/stat');

test.runIf(canMeasure).each(['pairs-1-qos0', 'fan-out-500'])(
  `%s costs Aedes at least ${FLOOR} times the processor time it costs Carillon`,
  { timeout: 300_000 },
  async (scenario) => {
    const built = existsSync(fileURLToPath(new URL('../dist/load/main.js', import.meta.url)));
    if (!built) throw new Error('this test runs the build: `pnpm build`');
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const own = await cpuPerMessage(scenario, 'carillon');
      ratios.push((await cpuPerMessage(scenario, 'aedes')) / own);
    }
    expect(median(ratios)).toBeGreaterThan(FLOOR);
  },
);
