/** An option that cannot be: the key, the value, and what would be right. Thrown where the option was given. */
export class OptionError extends TypeError {
  override readonly name = 'OptionError';
  readonly code = 'OPTION_INVALID';
  readonly key: string;

  constructor(key: string, value: unknown, expected: string) {
    super(`option ${key} is ${describe(value)}; it has to be ${expected}`);
    this.key = key;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}
