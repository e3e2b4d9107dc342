/** Who fills in the placeholders. */
export interface PlaceholderValues {
  readonly id: string;
  readonly identity: string | undefined;
}

/**
 * How `%u` and `%c` in a topic are taken: as ordinary text, as placeholders, or as in a `pattern` of Mosquitto, which
 * means nobody whose name or client id has a wildcard in it, whether it names them or not.
 */
export type PlaceholderUse = 'none' | 'named' | 'pattern';

const placeholder = /%[uc]/g;

/**
 * The topic of a rule, with or without placeholders. With them it has a wider filter, under which it is found,
 * and one of its own for each client.
 */
export class Placeholders {
  /** Each level with a placeholder is `+` here. */
  readonly widest: string;
  readonly #template: string;
  readonly #use: PlaceholderUse;

  constructor(template: string, use: PlaceholderUse) {
    this.#template = template;
    this.#use = use === 'named' && !hasPlaceholders(template) ? 'none' : use;
    this.widest =
      use === 'none'
        ? template
        : template
            .split('/')
            .map((level) => (hasPlaceholders(level) ? '+' : level))
            .join('/');
  }

  /** Whether it is the same filter for everybody. */
  get isFixed(): boolean {
    return this.#use === 'none';
  }

  /** The filter for one client; undefined when a value must not stand in a topic. */
  fill({ id, identity }: PlaceholderValues): string | undefined {
    if (this.#use === 'none') return this.#template;
    if (this.#use === 'pattern' && (hasWildcard(id) || hasWildcard(identity ?? ''))) return undefined;
    let isSafe = true;
    const filled = this.#template.replace(placeholder, (name) => {
      const value = name === '%c' ? id : identity;
      if (value !== undefined && isPlainLevel(value)) return value;
      isSafe = false;
      return '';
    });
    return isSafe ? filled : undefined;
  }
}

export function hasPlaceholders(text: string): boolean {
  return text.search(placeholder) !== -1;
}

/** Whether a name can be a level, or part of one, without becoming more than a name. */
function isPlainLevel(value: string): boolean {
  return value !== '' && !hasWildcard(value) && !/[/\0]/.test(value) && !value.startsWith('$');
}

function hasWildcard(value: string): boolean {
  return value.includes('+') || value.includes('#');
}
