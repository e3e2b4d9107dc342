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
