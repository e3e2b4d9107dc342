import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readArguments } from '../src/arguments.ts';
import { noFaults } from '../src/load/tally.ts';
import { chartOf } from '../src/report/chart.ts';
import { asJson, chartFile, pageFile, pageWith, recordedResults } from '../src/report/page.ts';
import { footnoteOf, rowsOf } from '../src/report/tables.ts';
import type { Results } from '../src/results.ts';
import { scenarios } from '../src/scenarios/index.ts';

test('the figures in docs/performance.md are those of docs/performance.json (`pnpm docs:performance` writes them anew)', async () => {
  const results = recordedResults();
  await expect(pageWith(readFileSync(pageFile, 'utf8'), results)).toMatchFileSnapshot(pageFile);
  if (results !== undefined) await expect(chartOf(scenarios, results)).toMatchFileSnapshot(chartFile);
  else expect(existsSync(chartFile)).toBe(false);
});

const sample: Results = {
  date: '2030-01-02T03:04:05.000Z',
  commit: 'abc',
  machine: {
    processor: 'P',
    cores: 2,
    memoryBytes: 8 * 1024 ** 3,
    system: 'Linux',
    node: '20',
    pinning: 'none',
  },
  rounds: 1,
  seconds: 1,
  versions: { carillon: '1', aedes: '2' },
  measurements: [measured('carillon', 900), measured('aedes', 100), failed('fan-out-500')],
};

function measured(target: 'carillon' | 'aedes', rate: number): Results['measurements'][number] {
  const figures = { rate, cpu: 1e6 / rate };
  const result = { figures, faults: noFaults(), generatorShare: 0.1 };
  return { scenario: 'pairs-1-qos0', target, round: 1, outcome: { result } };
}

function failed(scenario: string): Results['measurements'][number] {
  return { scenario, target: 'aedes', round: 1, outcome: { failure: 'it ended with code 1\nstack' } };
}

test('a table says what was asked of Carillon, and whether it was reached', () => {
  const [head, rates, cpu] = rowsOf(scenarios, sample);
  expect(head).toEqual(['scenario', 'figure', 'Carillon', 'Aedes', 'asked of Carillon']);
  expect(rates?.slice(0, 4)).toEqual(['one pair, QoS 0, window 1000', 'messages', '900/s', '100/s']);
  expect(rates?.[4]).toContain('Aedes × ≥ 10: NOT MET (9)');
  expect(rates?.[4]).toContain('Mosquitto × ≥ 5: not measured');
  expect(cpu?.slice(1)).toEqual(['broker CPU per message', '1,110 µs', '10 ms', '']);
});

test('a rate that the generator limited has a star', () => {
  const [own, ...others] = sample.measurements;
  if (own === undefined || !('result' in own.outcome)) throw new Error('the sample has no result');
  const busy = { ...own, outcome: { result: { ...own.outcome.result, generatorShare: 0.99 } } };
  const rows = rowsOf(scenarios, { ...sample, measurements: [busy, ...others] });
  expect(rows[1]?.slice(2, 4)).toEqual(['900/s *', '100/s']);
  expect(footnoteOf(rows)).toContain('the generator had no more to give');
  expect(footnoteOf(rowsOf(scenarios, sample))).toBe('');
});

test('a page names the machine, and what failed with its reason', () => {
  const page = pageWith('a\n<!-- generated: results -->\nold\n<!-- end of results -->\nb\n', sample);
  expect(page.startsWith('a\n')).toBe(true);
  expect(page).not.toContain('old');
  expect(page).toContain('Carillon 1, Aedes 2');
  expect(page).toMatch(/fan-out-500 +\| aedes +\| 1 +\| it ended with code 1 +\|/);
  expect(() => pageWith('nothing', sample)).toThrow('no place for results');
});

test('a run is read back as it was written', () => {
  expect(JSON.parse(asJson(sample))).toEqual(sample);
});

test('every scenario has a name of its own, and goals of figures that it measures, against what there is', () => {
  const names = scenarios.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { figures, goals } of scenarios) {
    for (const { figure, against } of goals) {
      expect(figures.map(({ id }) => id)).toContain(figure);
      if (typeof against === 'object') expect(names).toContain(against.scenario);
    }
  }
});

test('the command line names scenarios exactly, in part or with stars', () => {
  const namesFor = (...args: string[]) => {
    const request = readArguments(args);
    return typeof request === 'string' ? request : request.scenarios.map(({ name }) => name);
  };
  expect(namesFor('fan-out-500')).toEqual(['fan-out-500']);
  expect(namesFor('fan-out')).toEqual(['fan-out-500', 'fan-out-5000']);
  expect(namesFor('pairs*qos1')).toEqual(['pairs-1-qos1', 'pairs-100-qos1']);
  expect(namesFor('--quick')).not.toContain('tree-exact-1000000');
  expect(namesFor('--quick', 'tree-exact')).toContain('tree-exact-1000000');
  expect(namesFor()).toEqual(scenarios.map(({ name }) => name));
  expect(namesFor('--help')).toBe('help');
  expect(() => namesFor('nonsense')).toThrow('no scenario is called "nonsense"');
  expect(() => namesFor('--targets', 'carillon,emqx')).toThrow('no target is called "emqx"');
  expect(() => namesFor('--rounds', 'many')).toThrow('--rounds is a number above 0');
});
