// Each kind of load, for a blink: what nobody has run since the last change is broken on the day it is needed.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { faultsInWords } from '../src/load/tally.ts';
import { measure } from '../src/measure.ts';
import { scenarios } from '../src/scenarios/index.ts';
import { targets } from '../src/targets/index.ts';

const canMeasure = existsSync('/proc/self/stat');

test.runIf(canMeasure).each([
  ['pairs-100-qos2', 'relay'],
  ['fan-in-100', 'carillon'],
  ['v5-aliases', 'carillon'],
  ['websocket', 'carillon'],
  ['churn', 'carillon'],
  ['tree-mixed-1000', 'carillon'],
  ['offline-written', 'carillon'],
  ['bridge-qos2', 'carillon'],
])(
  '%s on %s runs without a fault, and brings every figure',
  { timeout: 60_000 },
  async (scenarioName, targetName) => {
    const scenario = scenarios.find(({ name }) => name === scenarioName);
    const target = targets.find(({ name }) => name === targetName);
    if (scenario === undefined || target === undefined) throw new Error(`${scenarioName} on ${targetName}?`);
    const { figures, faults } = await measure(
      scenario,
      target,
      { warmSeconds: 0.1, seconds: 0.5 },
      Number.NaN,
    );
    expect(faultsInWords(faults)).toBe('');
    for (const { id } of scenario.figures) expect(figures[id]).toBeGreaterThanOrEqual(0);
  },
);

test.runIf(canMeasure)(
  'a broker that refuses everybody is a failure with its reason, and leaves nothing behind',
  async () => {
    const [scenario] = scenarios;
    const target = targets.find(({ name }) => name === 'aedes');
    if (scenario === undefined || target === undefined) throw new Error('there is nothing to measure');
    const version5 = scenarios.find(({ name }) => name === 'v5-properties') ?? scenario;
    const measuring = measure(version5, target, { warmSeconds: 0.1, seconds: 0.1 }, Number.NaN);
    await expect(measuring).rejects.toThrow('was refused with code 1');
  },
);
