import { expect, test } from 'vitest';
import { Histogram } from '../src/load/histogram.ts';
import { Latencies } from '../src/load/latencies.ts';
import { median } from '../src/load/statistics.ts';
import { faultsInWords, noFaults, Tally } from '../src/load/tally.ts';
import { ratioOf } from '../src/results.ts';
import { merged, shared } from '../src/shares.ts';

test('what is passed over, comes twice or belongs to somebody else is counted', () => {
  const faults = noFaults();
  const tally = new Tally(5, 2, faults);
  for (const sequence of [0, 1]) tally.take(5, sequence);
  tally.take(6, 0);
  expect(faultsInWords(faults)).toBe('');
  tally.take(5, 4);
  tally.take(5, 4);
  tally.take(7, 0);
  expect(faults).toMatchObject({ lost: 2, repeated: 1, stray: 1 });
  expect(faultsInWords(faults)).toBe('2 lost, 1 repeated, 1 stray');
});

test('a histogram keeps latencies to within some two per cent', () => {
  const histogram = new Histogram();
  for (let microseconds = 1; microseconds <= 10_000; microseconds++) histogram.record(microseconds);
  for (const share of [0.5, 0.99, 0.999]) {
    expect(Math.abs(histogram.quantile(share) / (10_000 * share) - 1)).toBeLessThan(0.02);
  }
  const other = new Histogram(histogram.counts);
  other.add(histogram);
  expect(other.total).toBe(20_000);
});

test('a time in which nothing arrived has no latency, and says so', () => {
  expect(() => new Histogram().quantile(0.99)).toThrow('not one message arrived');
});

test('a standstill spoils one slice of a steady load, and not what it is like as a rule', () => {
  const latencies = new Latencies();
  latencies.begin(1000);
  for (let now = 1000; now < 2000; now++) latencies.record(now >= 1300 && now < 1400 ? 9000 : 500, now);
  expect(Math.abs(latencies.usual99(2000) / 500 - 1)).toBeLessThan(0.02);
  expect(Math.abs(latencies.quantile(0.99) / 9000 - 1)).toBeLessThan(0.02);
  latencies.begin(2000);
  for (let now = 2000; now < 3000; now++) latencies.record(now % 100 === 0 ? 500 : 700, now);
  expect(Math.abs(latencies.usual99(3000) / 700 - 1)).toBeLessThan(0.02);
});

test('a broker from which nothing comes in most of the time has no latency as a rule', () => {
  const latencies = new Latencies();
  latencies.begin(0);
  latencies.record(5, 50);
  latencies.record(800_000, 850);
  expect(() => latencies.usual99(1000)).toThrow('nothing arrived in most of the time');
});

test('the median of few values is between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('ratios are taken within a round, and a round in which one is missing does not count', () => {
  const entry = (target: 'carillon' | 'aedes', round: number, rate: number) => ({
    scenario: 's',
    target,
    round,
    outcome: { result: { figures: { rate }, faults: noFaults(), generatorShare: 0 } },
  });
  const measurements = [
    entry('carillon', 1, 100),
    entry('aedes', 1, 10),
    entry('carillon', 2, 30),
    entry('aedes', 2, 10),
    entry('carillon', 3, 500),
    { scenario: 's', target: 'aedes', round: 3, outcome: { failure: 'it died' } } as const,
  ];
  const own = { scenario: 's', target: 'carillon' } as const;
  expect(ratioOf({ measurements }, 'rate', own, { ...own, target: 'aedes' })).toBe(6.5);
});

test('pairs are shared out among generators, and their rates add up', () => {
  const ground = { address: { port: 1, over: 'tcp' }, brokerPid: 1, warmSeconds: 1, seconds: 1 } as const;
  const plan = {
    ...ground,
    load: 'messages',
    layout: { kind: 'pairs', pairs: 130 },
    pace: { kind: 'window', messages: 1 },
    version: 4,
    qos: 0,
    payloadBytes: 64,
  } as const;
  const layouts = shared(plan, 3).map((part) => part.load === 'messages' && part.layout);
  expect(layouts).toEqual([
    { kind: 'pairs', pairs: 65, first: 0 },
    { kind: 'pairs', pairs: 65, first: 65 },
  ]);
  expect(shared({ ...plan, pace: { kind: 'rate', perSecond: 10 } }, 3)).toHaveLength(1);
  // The broker used half a second of processor time in a second, for 1000 messages.
  const part = (rate: number) => ({
    figures: { rate, cpu: 500_000 / rate },
    faults: noFaults(),
    generatorShare: 0.5,
  });
  expect(merged([part(400), part(600)]).figures).toEqual({ rate: 1000, cpu: 500 });
});
