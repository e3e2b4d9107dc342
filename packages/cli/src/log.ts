import { type Logger, pino } from 'pino';
import type { LogLevel } from './configuration.ts';

/** A log on standard output: lines to read on a terminal, lines of JSON for everything else. */
export async function createLog(level: LogLevel, onTerminal: boolean): Promise<Logger> {
  if (!onTerminal) return pino({ level, base: null }, pino.destination({ dest: 1, sync: true }));
  // Loaded only where somebody reads along.
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({
    translateTime: 'SYS:HH:MM:ss',
    // Fields of the command's own messages, whose words say the same.
    ignore: 'pid,hostname,listener,version,signal,data,durability',
    sync: true,
    destination: 1,
  });
  return pino({ level, base: null }, lines);
}
