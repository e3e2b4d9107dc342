import { readFileSync } from 'node:fs';

/** Ten thousand idle connections, and what a process has open besides. */
export const NEEDED_FILES = 10_500;

/**
 * How many files this process and its children may have open. Node raises its limit as far as it is allowed to when
 * it starts, and children inherit that: what is missing then only the hard limit can give. Unlimited where no /proc
 * tells.
 */
export function openFileLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
