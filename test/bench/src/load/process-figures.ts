import { readFileSync } from 'node:fs';

/** USER_HZ: a hundred on every Linux that Node supports. */
const TICKS_PER_SECOND = 100;

/**
 * Seconds of processor time that a process has used, user and kernel mode, all its threads; exact to a hundredth.
 *
 * @throws When there is no /proc, or no such process any more.
 */
export function cpuSecondsOf(pid: number): number {
  // The name of the program, in brackets, may hold anything; utime and stime are the 12th and 13th after it.
  const afterName = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(afterName[11]) + Number(afterName[12])) / TICKS_PER_SECOND;
}

/** Bytes of a process that are in memory. */
export function residentBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
}
