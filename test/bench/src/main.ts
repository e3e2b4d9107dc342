// `pnpm bench`.
import { writeFileSync } from 'node:fs';
import { type Request, readArguments, usage } from './arguments.ts';
import { thisCommit, thisMachine } from './machine.ts';
import { NEEDED_FILES, openFileLimit } from './open-files.ts';
import { asJson, recordResults } from './report/page.ts';
import { asText, footnoteOf, rowsOf } from './report/tables.ts';
import type { Measurement, Results } from './results.ts';
import { runRounds } from './rounds.ts';
import { scenarios } from './scenarios/index.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // `exit` takes the brokers and generators along.
  process.once(signal, () => process.exit(1));
}

try {
  const request = readArguments(process.argv.slice(2));
  if (request === 'help') process.stdout.write(usage);
  else if (request === 'list') for (const { name, title } of scenarios) say(`${name.padEnd(24)} ${title}`);
  else await run(request);
} catch (error) {
  if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function run(request: Request): Promise<void> {
  warnOfFewFiles();
  const installed = request.targets.filter(({ name, version }) => {
    if (version() !== undefined) return true;
    say(`${name} is not installed, and is left out`);
    return false;
  });
  const measurements: Measurement[] = [];
  for await (const measurement of runRounds({ ...request, targets: installed })) {
    measurements.push(measurement);
    say(inOneLine(measurement));
  }
  const results: Results = {
    date: new Date().toISOString(),
    commit: thisCommit(),
    machine: thisMachine(),
    rounds: request.rounds,
    seconds: request.seconds,
    versions: Object.fromEntries(installed.map(({ name, version }) => [name, version()])),
    measurements,
  };
  if (request.json !== undefined) writeFileSync(request.json, asJson(results));
  if (request.page) recordResults(results);
  const rows = rowsOf(request.scenarios, results);
  say(`\n${asText(rows)}\n\n${footnoteOf(rows)}`.trimEnd());
}

/** Thousands of connections are as many open files, here and in the broker, which inherit this limit. */
function warnOfFewFiles(): void {
  const limit = openFileLimit();
  if (limit < NEEDED_FILES) {
    say(`only ${limit} files may be open, and ${NEEDED_FILES} are needed: raise the hard limit (ulimit -Hn)`);
  }
}

function inOneLine({ scenario, target, round, outcome }: Measurement): string {
  const what = `${round} ${scenario.padEnd(24)} ${target.padEnd(10)}`;
  if ('failure' in outcome) return `${what} FAILED: ${outcome.failure}`;
  const { figures, generatorShare } = outcome.result;
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`);
  return `${what} ${numbers.join(', ')}; generator ${Math.round(generatorShare * 100)} %`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
