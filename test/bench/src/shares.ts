import type { LoadPlan, LoadResult } from './load/plan.ts';
import { addFaults, noFaults } from './load/tally.ts';

/**
 * The plan, cut into as many parts as there are cores for generators. Only pairs in a closed loop can be cut: they
 * know nothing of each other. A part has at least fifty of them.
 */
export function shared(plan: LoadPlan, cores: number): LoadPlan[] {
  if (plan.load !== 'messages' || plan.layout.kind !== 'pairs' || plan.pace.kind !== 'window') return [plan];
  const parts = Math.max(1, Math.min(cores, Math.floor(plan.layout.pairs / 50)));
  const { pairs } = plan.layout;
  return Array.from({ length: parts }, (_, part) => {
    const first = Math.floor((pairs * part) / parts);
    const count = Math.floor((pairs * (part + 1)) / parts) - first;
    return { ...plan, layout: { kind: 'pairs', pairs: count, first } };
  });
}

/** Parts of one load that ran at the same time: rates add up. The broker's time per message is that of all of them. */
export function merged(results: readonly LoadResult[]): LoadResult {
  const [first] = results;
  if (first === undefined) throw new Error('no generator brought a result');
  if (results.length === 1) return first;
  const faults = noFaults();
  for (const result of results) addFaults(faults, result.faults);
  const parts = results.map(({ figures: { rate = 0, cpu = 0 } }) => ({ rate, cpuSeconds: rate * cpu }));
  const rate = sum(parts.map((part) => part.rate));
  // Each part divided all of the broker's time by its own messages.
  const cpu = sum(parts.map(({ cpuSeconds }) => cpuSeconds)) / parts.length / rate;
  const generatorShare = Math.max(...results.map((result) => result.generatorShare));
  return { figures: { rate, cpu }, faults, generatorShare };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
