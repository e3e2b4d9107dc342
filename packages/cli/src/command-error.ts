/** What went wrong, in words for whoever typed the command or wrote the file: shown without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** 2 for a command line that cannot be, 1 for everything else. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** The command line itself is wrong. */
export function usageError(message: string): CommandError {
  return new CommandError(message, 2);
}
