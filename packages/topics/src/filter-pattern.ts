import { parseSharedFilter } from './shared-filter.ts';
import type { TopicLimits } from './topic-limits.ts';
import { matchesFilter } from './topic-matching.ts';
import { findTopicFilterFault } from './topic-validity.ts';

/**
 * The parts of a topic that the wildcards of a pattern stood for, by name. Has no prototype.
 *
 * Of a pattern known to the compiler, so are the names; of any other, every name is a string or missing.
 */
export type TopicParameters<Pattern extends string = string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : { readonly [Name in ParameterNames<Pattern>]: string };

/** The names in a pattern; `Unnamed` counts the unnamed `+` met so far. */
type ParameterNames<
  Pattern extends string,
  Unnamed extends readonly unknown[] = [],
> = Pattern extends `${infer Level}/${infer Rest}`
  ? Level extends '+'
    ? `${Unnamed['length']}` | ParameterNames<Rest, [...Unnamed, Level]>
    : ParameterName<Level> | ParameterNames<Rest, Unnamed>
  : Pattern extends '+'
    ? `${Unnamed['length']}`
    : ParameterName<Pattern>;

type ParameterName<Level extends string> = Level extends '#'
  ? '#'
  : Level extends `{${infer Name}...}`
    ? Name
    : Level extends `{${infer Name}}`
      ? Name
      : never;

/** A topic filter whose wildcards have names. */
export interface FilterPattern<Pattern extends string = string> {
  /** The filter to subscribe to: the pattern with its names replaced by wildcards. */
  readonly filter: string;
  /**
   * Gives the parts of the topic that the wildcards stand for.
   *
   * @throws {TopicPatternError} when the filter does not match the topic
   */
  parametersOf(topic: string): TopicParameters<Pattern>;
}

/** A pattern cannot be read, or was asked about a topic that it does not match. */
export class TopicPatternError extends Error {
  readonly code = 'TOPIC_PATTERN_INVALID';
  override readonly name = 'TopicPatternError';
}

/**
 * Reads a topic filter in which wildcards may have names:
 *
 * - `{name}` as a whole level is a `+` and gives that level as `name`;
 * - `{name...}` as the last level is a `#` and gives the levels from there on, slashes included, as `name`:
 *   the empty string when there are none;
 * - an unnamed `+` gives its level as `'0'`, the next unnamed one as `'1'`, and so on;
 * - an unnamed `#` gives the levels from there on as `'#'`.
 *
 * Names are letters, digits, `_` and `-`, and do not begin with a digit. A pattern may be shared, as in
 * `$share/workers/jobs/{id}`. Levels with braces that look like parameters but are none are refused.
 *
 * @throws {TopicPatternError} `TOPIC_PATTERN_INVALID`, when a name is used twice or is no name, or when the
 * filter that results has a fault
 *
 * @example
 * const pattern = parseFilterPattern('devices/{id}/state');
 * pattern.filter; // 'devices/+/state'
 * pattern.parametersOf('devices/42/state').id; // '42'
 */
export function parseFilterPattern<const Pattern extends string>(
  pattern: Pattern,
  limits?: TopicLimits,
): FilterPattern<Pattern>;
export function parseFilterPattern(pattern: string, limits?: TopicLimits): FilterPattern {
  const shared = parseSharedFilter(pattern);
  const ownPattern = shared?.filter ?? pattern;
  const sources = ownPattern.split('/');
  const wildcards: Wildcard[] = [];
  const levels = sources.map((source, level) => {
    const wildcard = readWildcard(source, level, wildcards, pattern);
    if (wildcard === undefined) return source;
    if (wildcards.some((known) => known.name === wildcard.name)) {
      throw new TopicPatternError(
        `The name "${wildcard.name}" stands twice in "${pattern}"; each needs its own.`,
      );
    }
    wildcards.push(wildcard);
    return wildcard.isRest ? '#' : '+';
  });
  const ownFilter = levels.join('/');
  const filter = shared === undefined ? ownFilter : `$share/${shared.shareName}/${ownFilter}`;
  const fault = findTopicFilterFault(filter, limits);
  if (fault !== undefined) throw new TopicPatternError(`"${pattern}": ${fault.message}`);
  return {
    filter,
    parametersOf(topic) {
      if (!matchesFilter(ownFilter, topic)) {
        throw new TopicPatternError(`The topic "${topic}" is not one that "${pattern}" matches.`);
      }
      return readParameters(wildcards, topic);
    },
  };
}

interface Wildcard {
  readonly name: string;
  readonly level: number;
  /** True for a `#`. */
  readonly isRest: boolean;
}

const parameterName = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
const bracedText = /\{[^{}]*\}/u;

function readWildcard(
  source: string,
  level: number,
  before: readonly Wildcard[],
  pattern: string,
): Wildcard | undefined {
  if (source === '#') return { name: '#', level, isRest: true };
  if (source === '+') return { name: String(before.filter(isUnnamed).length), level, isRest: false };
  if (!bracedText.test(source)) return undefined;

  const isRest = source.endsWith('...}');
  const name = source.slice(1, isRest ? -4 : -1);
  // On an object without prototype "__proto__" is a name like others, but not on what a host copies it to.
  if (!source.startsWith('{') || !source.endsWith('}') || !parameterName.test(name) || name === '__proto__') {
    throw new TopicPatternError(
      `"${source}" in "${pattern}" is no parameter; a parameter is a whole level such as {id}, or {rest...} at the end, its name made of letters, digits, "_" and "-".`,
    );
  }
  return { name, level, isRest };
}

function isUnnamed(wildcard: Wildcard): boolean {
  return !wildcard.isRest && /^\d/.test(wildcard.name);
}

const noParameters: TopicParameters = Object.freeze(Object.create(null));

function readParameters(wildcards: readonly Wildcard[], topic: string): TopicParameters {
  if (wildcards.length === 0) return noParameters;
  const levels = topic.split('/');
  const parameters: Record<string, string> = Object.create(null);
  for (const { name, level, isRest } of wildcards) {
    parameters[name] = isRest ? levels.slice(level).join('/') : (levels[level] ?? '');
  }
  return parameters;
}
