import { ImpossibleAnswer } from './answer-checks.ts';

/**
 * Runs checks of a plugin's options: what they find wrong is a mistake of whoever gave them, and the plugin says of
 * which kind.
 *
 * @param mistake makes the error of what {@link ImpossibleAnswer} says
 * @throws what `mistake` has made; other errors as they are.
 * @example
 * ```ts
 * const settings = checkingOptions(
 *   () => readFields(options, { every: integer(1, 60) }),
 *   (wrong) => new TypeError(`option ${wrong}`),
 * );
 * ```
 */
export function checkingOptions<Result>(check: () => Result, mistake: (wrong: string) => Error): Result {
  try {
    return check();
  } catch (error) {
    throw error instanceof ImpossibleAnswer ? mistake(error.message) : error;
  }
}
