import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** A command and its arguments. */
export type CommandLine = readonly [file: string, ...args: string[]];

const canPin = availableParallelism() > 1 && works('taskset', '-c', '0', 'true');
const diesWithParent = works('setpriv', '--pdeathsig', 'KILL', 'true');

/** In words, for the report. */
export const pinning = canPin
  ? 'the broker on core 0, the generator on the others'
  : 'not pinned: there is no taskset, or but one core';

/** Every broker has the same core to itself. */
export function onBrokerCore(command: CommandLine): CommandLine {
  return canPin ? ['taskset', '-c', '0', ...command] : command;
}

export function onGeneratorCore(command: CommandLine, index = 0): CommandLine {
  if (!canPin) return command;
  return ['taskset', '-c', String(1 + (index % (availableParallelism() - 1))), ...command];
}

/** For programs that do not notice by themselves that whoever started them is gone. */
export function tiedToParent(command: CommandLine): CommandLine {
  return diesWithParent ? ['setpriv', '--pdeathsig', 'KILL', ...command] : command;
}

function works(file: string, ...args: string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}
