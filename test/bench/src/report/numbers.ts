import type { Unit } from '../scenarios/scenario.ts';

/** Three digits that count, as people read them: `1,230,000`, `48.1`, `0.62`. */
export function inDigits(value: number): string {
  if (Number.isNaN(value)) return '';
  return Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 3 });
}

/** A value with its unit, as short as it can be. */
export function withUnit(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '';
  switch (unit) {
    case 'per second':
      return `${inDigits(value)}/s`;
    case 'microseconds':
      return value >= 10_000 ? `${inDigits(value / 1000)} ms` : `${inDigits(value)} µs`;
    case 'bytes':
      return inBytes(value);
    case 'times':
      return inDigits(value);
  }
}

function inBytes(value: number): string {
  if (value >= 1024 ** 2) return `${inDigits(value / 1024 ** 2)} MB`;
  return value >= 1024 ? `${inDigits(value / 1024)} KB` : `${inDigits(value)} B`;
}
