/** Fails the test with `words` unless the condition holds. */
export function assert(condition: boolean, words: string): asserts condition {
  if (!condition) throw new Error(words);
}

/**
 * Fails the test unless both are alike: records by their fields (an absent one is like `undefined`), lists in
 * order, bytes by value whatever their class, Maps and Sets in any order.
 *
 * @param what Names the value in the message: `the queue of "a"`.
 */
export function assertAlike(actual: unknown, expected: unknown, what: string): void {
  const difference = differenceBetween(actual, expected, what);
  if (difference !== undefined) throw new Error(difference);
}

/** Where the first difference lies and what is there; `undefined` when there is none. */
function differenceBetween(actual: unknown, expected: unknown, path: string): string | undefined {
  if (Object.is(actual, expected)) return undefined;
  if (expected instanceof Uint8Array) return bytesDiffer(actual, expected, path);
  if (expected instanceof Map) return mapsDiffer(actual, expected, path);
  if (expected instanceof Set) {
    return actual instanceof Set
      ? differenceBetween([...actual].sort(), [...expected].sort(), path)
      : mismatch(actual, expected, path);
  }
  if (Array.isArray(expected)) return listsDiffer(actual, expected, path);
  if (isRecord(expected) && isRecord(actual)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      const difference = differenceBetween(actual[key], expected[key], `${path}, ${key}`);
      if (difference !== undefined) return difference;
    }
    return undefined;
  }
  return mismatch(actual, expected, path);
}

function bytesDiffer(actual: unknown, expected: Uint8Array, path: string): string | undefined {
  if (!(actual instanceof Uint8Array)) return mismatch(actual, expected, path);
  if (actual.length !== expected.length) {
    return `${path}: has ${actual.length} bytes instead of ${expected.length}`;
  }
  // A plain loop: payloads of megabytes are compared.
  for (let at = 0; at < expected.length; at++) {
    if (actual[at] === expected[at]) continue;
    return `${path}: byte ${at} of ${expected.length} is ${actual[at]} instead of ${expected[at]}`;
  }
  return undefined;
}

function mapsDiffer(
  actual: unknown,
  expected: ReadonlyMap<unknown, unknown>,
  path: string,
): string | undefined {
  if (!(actual instanceof Map)) return mismatch(actual, expected, path);
  for (const key of actual.keys()) {
    if (!expected.has(key)) return `${path}: has ${shown(key)}, which should not be there`;
  }
  for (const [key, value] of expected) {
    if (!actual.has(key)) return `${path}: lacks ${shown(key)}`;
    const difference = differenceBetween(actual.get(key), value, `${path}, ${shown(key)}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function listsDiffer(actual: unknown, expected: readonly unknown[], path: string): string | undefined {
  if (!Array.isArray(actual)) return mismatch(actual, expected, path);
  for (const [index, value] of expected.entries()) {
    if (index >= actual.length) break;
    const difference = differenceBetween(actual[index], value, `${path}, place ${index}`);
    if (difference !== undefined) return difference;
  }
  if (actual.length === expected.length) return undefined;
  return `${path}: has ${actual.length} elements instead of ${expected.length}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function mismatch(actual: unknown, expected: unknown, path: string): string {
  return `${path}: is ${shown(actual)} instead of ${shown(expected)}`;
}

const longestShown = 80;

/** A value in few enough words for a message. */
export function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Map || value instanceof Set) return `${value.size} elements`;
  const text = typeof value === 'string' || isRecord(value) ? JSON.stringify(value) : String(value);
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}… (${text.length} characters)`;
}
