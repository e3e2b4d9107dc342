import { expect, test } from 'vitest';
import { cutCases, playCases, storeFaultCases } from './fault-cases.ts';
import { playScenario } from './scenario.ts';

/** The long run plays some thousand cases, each in a tenth of a second. */
const patience = 3_600_000;

test('the scenario has everything in it, and breaks no promise when nothing goes wrong', async () => {
  const report = await playScenario();
  expect(report.faults).toEqual([]);
  expect(report.acknowledged).toBeGreaterThan(20);
  expect(report.delivered).toBeGreaterThan(35);
  expect(new Set(report.storeCalls)).toEqual(new Set(['commit', 'readQueue']));
  expect(await playScenario()).toEqual(report);
});

for (const storeLatency of [0, 1]) {
  const speed = storeLatency === 0 ? 'answers at once' : 'takes its time';

  test(
    `no promise is broken by a fault at any call of a store that ${speed}`,
    async () => {
      const { played, broken } = await playCases(await storeFaultCases(storeLatency), 4);
      expect(broken).toEqual([]);
      expect(played.length).toBeGreaterThan(0);
    },
    patience,
  );

  test(
    `no promise is broken by a connection that ends after any byte, where the store ${speed}`,
    async () => {
      const { played, broken } = await playCases(await cutCases(storeLatency), 24);
      expect(broken).toEqual([]);
      expect(played.length).toBeGreaterThan(0);
    },
    patience,
  );
}
