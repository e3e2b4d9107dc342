import type { Logger } from '@carillon/hooks';

/** One thing that was logged. */
export interface LogRecord {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly details: object;
  readonly message: string;
}

/** A logger that keeps what it is told, for a test to look at. */
export interface RecordingLogger extends Logger {
  /** Oldest first. */
  readonly records: readonly LogRecord[];
  /** The messages of one level, oldest first. */
  messages(level: LogRecord['level']): string[];
  /** Forgets everything. */
  clear(): void;
}

/**
 * A logger that keeps what it is told.
 *
 * @example
 * ```ts
 * const logger = recordingLogger();
 * logger.warn({ plugin: 'billing' }, 'A hook threw.');
 * logger.messages('warn'); // ['A hook threw.']
 * ```
 */
export function recordingLogger(): RecordingLogger {
  const records: LogRecord[] = [];
  const at = (level: LogRecord['level']) => (details: object, message: string) => {
    records.push({ level, details, message });
  };
  return {
    records,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    messages: (level) => records.filter((record) => record.level === level).map((record) => record.message),
    clear: () => void records.splice(0),
  };
}
