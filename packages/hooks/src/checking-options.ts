import { type FieldChecks, ImpossibleValue, isObject, readFields, refuse } from './value-checks.ts';

/**
 * Runs checks of a plugin's options: what they find wrong is a mistake of whoever gave them, and the plugin says of
 * which kind.
 *
 * @param mistake makes the error of what {@link ImpossibleValue} says
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
    throw error instanceof ImpossibleValue ? mistake(error.message) : error;
  }
}

/**
 * Reads a plugin's options, each by its check; an option that does not exist is an error.
 *
 * @param mistake makes the error of what is wrong
 * @throws what `mistake` has made; other errors as they are.
 * @example
 * ```ts
 * const { every = 5 } = readOptions<Options>(
 *   options,
 *   { every: integer(1, 60) },
 *   (wrong) => new TypeError(`myPlugin: ${wrong}`),
 * );
 * ```
 */
export function readOptions<T extends object>(
  options: unknown,
  checks: FieldChecks<T>,
  mistake: (wrong: string) => Error,
): Partial<T> {
  return checkingOptions(() => {
    if (!isObject(options)) return refuse('options', options, 'an object');
    return readFields(options, checks);
  }, mistake);
}
