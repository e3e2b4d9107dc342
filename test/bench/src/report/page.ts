import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Measurement, Results } from '../results.ts';
import { scenarios } from '../scenarios/index.ts';
import { targets } from '../targets/index.ts';
import { chartOf } from './chart.ts';
import { asMarkdown, footnoteOf, type Rows, rowsOf } from './tables.ts';

const docs = new URL('../../../../docs/', import.meta.url);

/** The page, what was measured for it, and the chart it shows. */
export const pageFile = fileURLToPath(new URL('performance.md', docs));
export const resultsFile = fileURLToPath(new URL('performance.json', docs));
export const chartFile = fileURLToPath(new URL('performance.svg', docs));

const BEGIN = '<!-- generated: results -->\n';
const END = '<!-- end of results -->\n';

/** What the page was written from; `undefined` before the first run. */
export function recordedResults(): Results | undefined {
  if (!existsSync(resultsFile)) return undefined;
  const results: Results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  return results;
}

/** Keeps a run, and writes page and chart anew. */
export function recordResults(results: Results): void {
  writeFileSync(resultsFile, asJson(results));
  writeFileSync(chartFile, chartOf(scenarios, results));
  writeFileSync(pageFile, pageWith(readFileSync(pageFile, 'utf8'), results));
}

/** One measurement a line: what has changed since the last run can be seen. */
export function asJson({ measurements, ...about }: Results): string {
  const lines = measurements.map((measurement) => JSON.stringify(measurement)).join(',\n');
  return `${JSON.stringify(about).slice(0, -1)},\n"measurements":[\n${lines}\n]}\n`;
}

/** The page with its generated part as the results say; everything around it is written by hand. */
export function pageWith(text: string, results: Results | undefined): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from === -1 || to < from)
    throw new Error(`the page has no place for results: ${BEGIN.trim()} … ${END.trim()}`);
  return `${text.slice(0, from + BEGIN.length)}\n${generated(results)}\n\n${text.slice(to)}`;
}

function generated(results: Results | undefined): string {
  if (results === undefined) return 'No run has been recorded yet: `pnpm bench --page` records one.';
  const rows = rowsOf(scenarios, results);
  return [
    ground(results),
    '![Messages a second by scenario and broker](performance.svg)',
    asMarkdown(rows),
    ...(footnoteOf(rows) === '' ? [] : [footnoteOf(rows)]),
    ...failures(results),
  ].join('\n\n');
}

function ground({ date, commit, machine, rounds, seconds, versions }: Results): string {
  const rows: Rows = [
    ['', ''],
    ['date', date.slice(0, 10)],
    ['commit', commit ?? 'unknown'],
    [
      'machine',
      `${machine.processor}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 1024 ** 3)} GB`,
    ],
    ['system', `${machine.system}, Node ${machine.node}`],
    ['processes', machine.pinning],
    [
      'brokers',
      targets
        .flatMap(({ name, title }) => (versions[name] === undefined ? [] : [`${title} ${versions[name]}`]))
        .join(', '),
    ],
    ['rounds', `${rounds}, of ${seconds} s for each measurement`],
  ];
  return asMarkdown(rows);
}

/** What has no figure says why. */
function failures({ measurements }: Results): string[] {
  const rows = measurements.flatMap(({ scenario, target, round, outcome }: Measurement) =>
    'failure' in outcome ? [[scenario, target, `${round}`, outcome.failure.split('\n')[0] ?? '']] : [],
  );
  if (rows.length === 0) return [];
  return ['Measurements that failed:', asMarkdown([['scenario', 'target', 'round', 'why'], ...rows])];
}
