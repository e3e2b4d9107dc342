import { parseArgs } from 'node:util';
import { scenarios } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { targets } from './targets/index.ts';
import type { Target } from './targets/target.ts';

/** What the command line asks for. */
export interface Request {
  readonly scenarios: readonly Scenario[];
  readonly targets: readonly Target[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly json: string | undefined;
  /** Whether the run is recorded on the page. */
  readonly page: boolean;
}

export const usage = `pnpm bench [PATTERN…] [options]

  PATTERN           the scenario of that name, or all whose name contains it; a star stands for anything
  --targets NAMES   default: all of ${targets.map(({ name }) => name).join(',')}
  --rounds N        how often each is measured, in turn. Default: 3
  --seconds N       how long each is measured. Default: 2
  --quick           one short round, without the large trees unless they are named
  --page            records the run in docs/performance.md, with its chart and its JSON
  --json FILE       writes every measurement there
  --list            names the scenarios
`;

/** @throws RangeError when it asks for what there is not. */
export function readArguments(args: readonly string[]): Request | 'help' | 'list' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      targets: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      page: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.list) return 'list';
  const seconds = positive('seconds', values.seconds, values.quick ? 0.8 : 2);
  return {
    scenarios:
      positionals.length > 0
        ? scenariosNamed(positionals)
        : scenarios.filter((one) => !values.quick || isShort(one)),
    targets: targetsNamed(values.targets),
    rounds: Math.ceil(positive('rounds', values.rounds, values.quick ? 1 : 3)),
    seconds,
    warmSeconds: seconds / 2,
    json: values.json,
    page: values.page,
  };
}

function scenariosNamed(patterns: readonly string[]): Scenario[] {
  const wanted = patterns.map((pattern) => {
    const expression = new RegExp(pattern.split('*').map(escaped).join('.*'));
    const exact = scenarios.filter(({ name }) => name === pattern);
    const found = exact.length > 0 ? exact : scenarios.filter(({ name }) => expression.test(name));
    if (found.length === 0) throw new RangeError(`no scenario is called "${pattern}": see --list`);
    return found;
  });
  return scenarios.filter((one) => wanted.flat().includes(one));
}

/** What takes too long for every round takes too long for a quick one. */
function isShort({ rounds }: Scenario): boolean {
  return rounds === undefined;
}

function escaped(text: string): string {
  return text.replaceAll(/[^\w-]/g, '\\$&');
}

function targetsNamed(list: string | undefined): Target[] {
  if (list === undefined) return [...targets];
  const names = list.split(',');
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new RangeError(`no target is called "${unknown}": ${targets.map(({ name }) => name).join(', ')}`);
  }
  return targets.filter(({ name }) => names.includes(name));
}

function positive(name: string, given: string | undefined, otherwise: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (!(value > 0)) throw new RangeError(`--${name} is a number above 0, not "${given}"`);
  return value;
}
