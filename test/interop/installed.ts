import { spawnSync } from 'node:child_process';
import { describe, test } from 'vitest';

/** A program or library of the system that a test needs. */
export interface Tool {
  readonly name: string;
  /** Debian's name of the package. */
  readonly debianPackage: string;
  /** Ends with 0 where the tool is there. */
  readonly probe: readonly [program: string, ...args: string[]];
}

/** Where a tool is absent: a developer may go on without it, continuous integration may not. */
export type Verdict = 'run' | 'leave out' | 'fail';

export function verdictOn(
  missing: readonly Tool[],
  environment: { readonly CI?: string | undefined },
): Verdict {
  if (missing.length === 0) return 'run';
  return environment.CI === undefined || environment.CI === 'false' || environment.CI === ''
    ? 'leave out'
    : 'fail';
}

const found = new Map<Tool, boolean>();

/** Looks once for each tool. */
export function isInstalled(tool: Tool): boolean {
  const known = found.get(tool);
  if (known !== undefined) return known;
  const [program, ...args] = tool.probe;
  const { error, status } = spawnSync(program, args, { stdio: 'ignore' });
  const installed = error === undefined && status === 0;
  found.set(tool, installed);
  return installed;
}

/** What a reader has to do. */
export function adviceFor(missing: readonly Tool[]): string {
  const names = missing.map(({ name }) => name).join(' and ');
  const packages = [...new Set(missing.map(({ debianPackage }) => debianPackage))].join(' ');
  return `needs ${names}: apt-get install ${packages}`;
}

/** A `describe` that runs only with these tools. Without them it fails in CI, and elsewhere says why it does not run. */
export function describeWith(tools: readonly Tool[], name: string, body: () => void): void {
  const missing = tools.filter((tool) => !isInstalled(tool));
  const verdict = verdictOn(missing, process.env);
  if (verdict === 'fail') {
    describe(name, () => {
      test('its client is installed', () => {
        throw new Error(adviceFor(missing));
      });
    });
    return;
  }
  const shownName = verdict === 'run' ? name : `${name} (${adviceFor(missing)})`;
  describe.runIf(verdict === 'run')(shownName, body);
}
