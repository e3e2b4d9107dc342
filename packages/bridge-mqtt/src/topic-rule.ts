import type { QoS } from '@carillon/protocol';
import {
  findTopicNameFault,
  hasWildcards,
  matchesFilter,
  parseFilterPattern,
  TopicPatternError,
} from '@carillon/topics';
import { BridgeError } from './bridge-error.ts';
import type { Direction, MappedTopicOptions, RetainRule, TopicOptions } from './topic-options.ts';

/** One of the two brokers that a bridge joins. */
export type Side = 'local' | 'remote';

/** What a bridge carries, ready for use. */
export interface TopicRule {
  readonly direction: Direction;
  readonly qos: QoS;
  readonly retain: RetainRule;
  /** The filter to subscribe to on that side. */
  readonly filter: Readonly<Record<Side, string>>;
  /** The topic as the other side knows it; undefined when the rule is not for it. */
  map(topic: string, from: Side): string | undefined;
  /** As its owner wrote it, for messages. */
  readonly text: string;
}

export function otherSide(side: Side): Side {
  return side === 'local' ? 'remote' : 'local';
}

/** @throws {BridgeError} `BRIDGE_OPTION_INVALID` */
export function topicRule(options: TopicOptions): TopicRule {
  const { direction = 'out', qos = 0, retain = 'keep' } = options;
  oneOf(direction, ['out', 'in', 'both'], 'direction');
  oneOf(qos, [0, 1, 2], 'qos');
  oneOf(retain, ['keep', 'clear', 'only'], 'retain');
  const common = { direction, qos, retain };
  if ('local' in options) return { ...common, ...mapped(options) };
  const { filter, localPrefix = '', remotePrefix = '' } = options;
  const prefix = { local: localPrefix, remote: remotePrefix };
  const filters = { local: localPrefix + filter, remote: remotePrefix + filter };
  const text = `${filter} ${direction} ${qos} "${localPrefix}" "${remotePrefix}"`;
  for (const side of ['local', 'remote'] as const) {
    if (hasWildcards(prefix[side]))
      throw invalid(`topics: ${text}: a prefix has no wildcards; map by local and remote`);
  }
  checkFilter(filters.local, text);
  checkFilter(filters.remote, text);
  return {
    ...common,
    text,
    filter: filters,
    map(topic, from) {
      if (!matchesFilter(filters[from], topic)) return undefined;
      // `a/#` matches `a` as well, where the prefix `a/` is not at hand.
      if (!topic.startsWith(prefix[from])) return undefined;
      return nameOrNothing(prefix[otherSide(from)] + topic.slice(prefix[from].length));
    },
  };
}

function mapped({ local, remote }: MappedTopicOptions): Pick<TopicRule, 'filter' | 'map' | 'text'> {
  const text = `${local} ↔ ${remote}`;
  const templates = { local: readTemplate(local, text), remote: readTemplate(remote, text) };
  const missing = differenceOf(templates.local, templates.remote);
  if (missing !== undefined) {
    throw invalid(
      `topics: "${missing}" stands on one side only of ${text}; each wildcard needs its place on both`,
    );
  }
  const filter = { local: templates.local.filter, remote: templates.remote.filter };
  return {
    text,
    filter,
    map(topic, from) {
      if (!matchesFilter(filter[from], topic)) return undefined;
      return nameOrNothing(fill(templates[otherSide(from)], readLevels(templates[from], topic)));
    },
  };
}

interface Template {
  readonly filter: string;
  /** Literals as they are; wildcards by key. */
  readonly levels: readonly { readonly literal?: string; readonly key?: string; readonly isRest: boolean }[];
}

function readTemplate(pattern: string, text: string): Template {
  const filter = checkFilter(pattern, text);
  let unnamed = 0;
  const levels = pattern.split('/').map((level) => {
    if (level === '+') return { key: `+${unnamed++}`, isRest: false };
    if (level === '#' || /^\{.*\.\.\.\}$/.test(level)) return { key: '#', isRest: true };
    if (/^\{.*\}$/.test(level)) return { key: level, isRest: false };
    return { literal: level, isRest: false };
  });
  return { filter, levels };
}

function differenceOf(a: Template, b: Template): string | undefined {
  const keysOf = ({ levels }: Template) => levels.flatMap(({ key }) => (key === undefined ? [] : [key]));
  const [ofA, ofB] = [keysOf(a), keysOf(b)];
  return ofA.find((key) => !ofB.includes(key)) ?? ofB.find((key) => !ofA.includes(key));
}

function readLevels(template: Template, topic: string): ReadonlyMap<string, readonly string[]> {
  const levels = topic.split('/');
  const found = new Map<string, readonly string[]>();
  for (const [i, { key, isRest }] of template.levels.entries()) {
    if (key !== undefined) found.set(key, isRest ? levels.slice(i) : levels.slice(i, i + 1));
  }
  return found;
}

function fill(template: Template, found: ReadonlyMap<string, readonly string[]>): string {
  return template.levels.flatMap(({ literal, key = '' }) => literal ?? found.get(key) ?? []).join('/');
}

/** What comes of a mapping may be no topic any more, such as an empty one. */
function nameOrNothing(topic: string): string | undefined {
  return findTopicNameFault(topic) === undefined ? topic : undefined;
}

function checkFilter(pattern: string, text: string): string {
  if (pattern.startsWith('$share/')) {
    throw invalid(
      `topics: "${pattern}" is a shared filter; a bridge shares its load by the option connections`,
    );
  }
  try {
    return parseFilterPattern(pattern).filter;
  } catch (error) {
    if (!(error instanceof TopicPatternError)) throw error;
    throw invalid(`topics: ${text}: ${error.message}`);
  }
}

function oneOf<T>(value: T, allowed: readonly T[], key: string): void {
  if (allowed.includes(value)) return;
  throw invalid(`topics: ${key} is ${JSON.stringify(value)}; it can be ${allowed.join(', ')}`);
}

function invalid(message: string): BridgeError {
  return new BridgeError('BRIDGE_OPTION_INVALID', message);
}
