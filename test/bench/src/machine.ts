import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import type { Machine } from './results.ts';
import { pinning } from './targets/pinning.ts';

export function thisMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    pinning,
  };
}

/** Short, with a mark when files differ from it; `undefined` outside of a repository. */
export function thisCommit(): string | undefined {
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=10'];
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
