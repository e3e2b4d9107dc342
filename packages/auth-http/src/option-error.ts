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
