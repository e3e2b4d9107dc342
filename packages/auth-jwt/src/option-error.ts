import { ImpossibleAnswer } from '@carillon/hooks/checks';

/**
 * An option of `jwtAuth` that cannot be, or keys that cannot be used: the message names the option, says what is wrong
 * and what would be right, and never shows a key.
 */
export class JwtOptionError extends TypeError {
  override readonly name = 'JwtOptionError';
  readonly code = 'JWT_OPTION_INVALID';

  constructor(wrong: string, cause?: unknown) {
    super(`option ${wrong}`, cause === undefined ? undefined : { cause });
  }
}

/** Runs checks of options: what they find wrong is an error of whoever gave them. */
export function checkingOptions<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw error instanceof ImpossibleAnswer ? new JwtOptionError(error.message) : error;
  }
}
