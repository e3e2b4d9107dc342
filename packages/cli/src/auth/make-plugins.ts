import type { Logger, Plugin } from '@carillon/hooks';
import type { SettledAuth } from './settle-auth.ts';

/**
 * All plugins, in the order in which they are registered: guards, what the file brings itself, who authenticates,
 * who authorizes.
 *
 * @throws {CommandError} when a plugin cannot be made.
 */
export async function makePlugins(
  auth: readonly SettledAuth[],
  ofTheFile: readonly Plugin[],
  log: Logger,
): Promise<readonly Plugin[]> {
  const made: Plugin[] = [];
  let guards = 0;
  for (const [place, { kind, make }] of auth.entries()) {
    const othersFollow = auth.slice(place + 1).some((other) => other.kind === 'authenticates');
    made.push(await make({ log, othersFollow }));
    if (kind === 'guard') guards = made.length;
  }
  return [...made.slice(0, guards), ...ofTheFile, ...made.slice(guards)];
}
