import { ImpossibleAnswer } from '@carillon/hooks/checks';

/**
 * An option of `httpAuth` that cannot be: the message names the option, says what is wrong and what would be right, and
 * never shows a secret.
 */
export class HttpAuthOptionError extends TypeError {
  override readonly name = 'HttpAuthOptionError';
  readonly code = 'HTTP_AUTH_OPTION_INVALID';

  constructor(wrong: string, cause?: unknown) {
    super(`option ${wrong}`, cause === undefined ? undefined : { cause });
  }
}

/** Runs checks of options: what they find wrong is an error of whoever gave them. */
export function checkingOptions<Result>(check: () => Result): Result {
  try {
    return check();
  } catch (error) {
    throw error instanceof ImpossibleAnswer ? new HttpAuthOptionError(error.message) : error;
  }
}
