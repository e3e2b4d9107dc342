import { figureOf, type Results, wasGeneratorBusy } from '../results.ts';
import type { Goal, Scenario } from '../scenarios/scenario.ts';
import { targets } from '../targets/index.ts';
import { type Verdict, verdictsOn } from './goals.ts';
import { inDigits, withUnit } from './numbers.ts';

/** Rows of cells, the first of which is the head. */
export type Rows = readonly (readonly string[])[];

/** One row for each figure of each scenario that was measured: all targets, then what was asked of Carillon. */
export function rowsOf(scenarios: readonly Scenario[], results: Results): Rows {
  const shown = targets.filter(({ name }) => results.measurements.some(({ target }) => target === name));
  const head = ['scenario', 'figure', ...shown.map(({ title }) => title), 'asked of Carillon'];
  const measured = scenarios.filter(({ name }) =>
    results.measurements.some(({ scenario }) => scenario === name),
  );
  const rows = measured.flatMap((scenario) => {
    const verdicts = verdictsOn(scenario, results);
    return scenario.figures.map(({ id, title, unit }, index) => [
      index === 0 ? scenario.title : '',
      title,
      ...shown.map(({ name }) => {
        const isLowerBound = isClosedLoop(scenario, id) && wasGeneratorBusy(results, scenario.name, name);
        return `${withUnit(figureOf(results, scenario.name, name, id), unit)}${isLowerBound ? ' *' : ''}`;
      }),
      verdicts
        .filter(({ goal }) => goal.figure === id)
        .map((verdict) => inWords(verdict, scenario))
        .join('; '),
    ]);
  });
  return [head, ...rows];
}

/** What stands under a table in which a rate has a star; empty without one. */
export function footnoteOf(rows: Rows): string {
  const isStarred = rows.some((row) => row.some((cell) => cell.endsWith(' *')));
  return isStarred ? 'A star: the generator had no more to give, and the broker can do at least this.' : '';
}

/** An open loop looks at the clock all the time, and is always busy. */
function isClosedLoop({ saturation }: Scenario, figure: string): boolean {
  return figure === 'rate' && saturation === undefined;
}

function inWords({ goal, value, isMet }: Verdict, { figures }: Scenario): string {
  const unit = figures.find(({ id }) => id === goal.figure)?.unit ?? 'times';
  const shown = (number: number) => (goal.against === undefined ? withUnit(number, unit) : inDigits(number));
  const bound = goal.atLeast === undefined ? `≤ ${shown(goal.atMost ?? 0)}` : `≥ ${shown(goal.atLeast)}`;
  if (Number.isNaN(value)) return `${subject(goal)}${bound}: not measured`;
  return `${subject(goal)}${bound}: ${isMet ? 'met' : 'NOT MET'}${goal.against === undefined ? '' : ` (${shown(value)})`}`;
}

/** `Aedes × ` or `pairs-1 × `: times whom. */
function subject({ against }: Goal): string {
  if (against === undefined) return '';
  if (typeof against !== 'string') return `${against.scenario} × `;
  return `${targets.find(({ name }) => name === against)?.title ?? against} × `;
}

/** For a terminal. */
export function asText(rows: Rows): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** For a page, in columns as the formatter wants them. */
export function asMarkdown(rows: Rows): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')));
  const widths =
    cells[0]?.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...rest] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
