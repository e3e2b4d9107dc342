import { dollar, hash, isHighSurrogate, isLowSurrogate, isSurrogate, plus, slash } from './characters.ts';
import { sharePrefix } from './shared-filter.ts';
import { describePlace, type TopicFault } from './topic-fault.ts';
import { defaultTopicLimits, protocolMaximumBytes, type TopicLimits } from './topic-limits.ts';

/**
 * Says why a text cannot be the topic name of a message; `undefined` when it can.
 *
 * @example
 * findTopicNameFault('site/7/temperature'); // undefined
 * findTopicNameFault('site/+/temperature')?.rule; // 'MQTT-4.7.0-1'
 */
export function findTopicNameFault(
  topic: string,
  limits: TopicLimits = defaultTopicLimits,
): TopicFault | undefined {
  return findTextFault(topic, 'name', 0, limits);
}

/**
 * Says why a text cannot be the topic filter of a subscription, shared ones included; `undefined` when it can.
 *
 * A filter beginning with `$share/` is held to the rules of shared subscriptions whatever the protocol
 * version of the client is.
 *
 * @example
 * findTopicFilterFault('$share/workers/jobs/#'); // undefined
 * findTopicFilterFault('jobs/#/urgent')?.rule; // 'MQTT-4.7.1-1'
 */
export function findTopicFilterFault(
  filter: string,
  limits: TopicLimits = defaultTopicLimits,
): TopicFault | undefined {
  if (filter.charCodeAt(0) !== dollar || !filter.startsWith(sharePrefix)) {
    return findTextFault(filter, 'filter', 0, limits);
  }
  return findShareFault(filter) ?? findTextFault(filter, 'filter', sharePrefixLevels, limits);
}

/** True for topics such as `$SYS/uptime`, which a leading wildcard does not match. [MQTT-4.7.2-1] */
export function isSystemTopic(topic: string): boolean {
  return topic.charCodeAt(0) === dollar;
}

/** True when a valid filter can match more than one topic name. */
export function hasWildcards(filter: string): boolean {
  // Of a valid filter `#` is the last character or none.
  return filter.charCodeAt(filter.length - 1) === hash || filter.includes('+');
}

/** `$share` and the ShareName. */
const sharePrefixLevels = 2;

function findShareFault(filter: string): TopicFault | undefined {
  const nameStart = sharePrefix.length;
  const slashAfterName = filter.indexOf('/', nameStart);
  const nameEnd = slashAfterName === -1 ? filter.length : slashAfterName;
  if (nameEnd === nameStart) {
    return {
      rule: 'MQTT-4.8.2-1',
      message: 'The ShareName after "$share/" is empty; give the group a name, as in "$share/group/filter".',
    };
  }
  for (let index = nameStart; index < nameEnd; index++) {
    const code = filter.charCodeAt(index);
    if (code !== plus && code !== hash) continue;
    return {
      rule: 'MQTT-4.8.2-2',
      message: `The ShareName has a wildcard ${describePlace(index, 2)}; wildcards belong in the filter after it.`,
    };
  }
  if (nameEnd >= filter.length - 1) {
    return {
      rule: 'MQTT-4.8.2-2',
      message: 'No filter follows the ShareName; write "$share/group/filter", the filter not empty.',
    };
  }
  return undefined;
}

/**
 * One pass over the text. What a valid ASCII topic pays is a load and two comparisons per character.
 *
 * @param prefixLevels levels in front of the part that is matched; they do not count against the limit
 */
function findTextFault(
  text: string,
  kind: 'name' | 'filter',
  prefixLevels: number,
  limits: TopicLimits,
): TopicFault | undefined {
  if (text.length === 0) return emptyFault(kind);
  // No character takes less than a byte, so an oversized text is refused without being read.
  if (text.length > protocolMaximumBytes || text.length > limits.maximumBytes) {
    return sizeFault(kind, text.length, limits);
  }
  let bytes = text.length;
  let slashes = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > slash && code < 0x80) continue;
    if (code === slash) {
      slashes++;
    } else if (code === plus || code === hash) {
      const fault = findWildcardFault(text, kind, index, slashes + 1);
      if (fault !== undefined) return fault;
    } else if (code === 0) {
      return nullFault(kind, index, slashes + 1);
    } else if (code >= 0x80) {
      const extraBytes = countExtraBytes(text, index, code);
      if (extraBytes === undefined) return surrogateFault(kind, index, slashes + 1);
      bytes += extraBytes;
    }
  }
  if (bytes > protocolMaximumBytes || bytes > limits.maximumBytes) return sizeFault(kind, bytes, limits);
  const levels = slashes + 1 - prefixLevels;
  if (levels > limits.maximumLevels) return depthFault(kind, levels, limits);
  return undefined;
}

/** Bytes of UTF-8 that a code unit takes beyond its first; `undefined` for half a surrogate pair. */
function countExtraBytes(text: string, index: number, code: number): number | undefined {
  if (code < 0x800) return 1;
  if (!isSurrogate(code)) return 2;
  // Each half of a pair stands for two of its four bytes.
  const isPaired = isHighSurrogate(code)
    ? isLowSurrogate(text.charCodeAt(index + 1))
    : isHighSurrogate(text.charCodeAt(index - 1));
  return isPaired ? 1 : undefined;
}

function findWildcardFault(
  text: string,
  kind: 'name' | 'filter',
  index: number,
  level: number,
): TopicFault | undefined {
  const isPlus = text.charCodeAt(index) === plus;
  if (kind === 'name') {
    return {
      rule: 'MQTT-4.7.0-1',
      message: `The topic name has the wildcard "${isPlus ? '+' : '#'}" ${describePlace(index, level)}; wildcards belong in filters only.`,
    };
  }
  const beginsLevel = index === 0 || text.charCodeAt(index - 1) === slash;
  const endsText = index === text.length - 1;
  if (isPlus) {
    if (beginsLevel && (endsText || text.charCodeAt(index + 1) === slash)) return undefined;
    return {
      rule: 'MQTT-4.7.1-2',
      message: `"+" ${describePlace(index, level)} shares its level with other characters; it must stand alone between slashes, as in "a/+/b".`,
    };
  }
  if (beginsLevel && endsText) return undefined;
  return {
    rule: 'MQTT-4.7.1-1',
    message: `"#" ${describePlace(index, level)} must be the whole last level of the filter, as in "a/b/#".`,
  };
}

function emptyFault(kind: 'name' | 'filter'): TopicFault {
  return {
    rule: 'MQTT-4.7.3-1',
    message: `The topic ${kind} is empty; it needs at least one character.`,
  };
}

function nullFault(kind: 'name' | 'filter', index: number, level: number): TopicFault {
  return {
    rule: 'MQTT-4.7.3-2',
    message: `The topic ${kind} has the character U+0000 ${describePlace(index, level)}; any other character may stand there.`,
  };
}

function surrogateFault(kind: 'name' | 'filter', index: number, level: number): TopicFault {
  return {
    rule: 'MQTT-1.5.4-1',
    message: `The topic ${kind} has half a surrogate pair ${describePlace(index, level)}; it must be valid Unicode, which UTF-8 can carry.`,
  };
}

function sizeFault(kind: 'name' | 'filter', bytes: number, limits: TopicLimits): TopicFault {
  const ofProtocol = bytes > protocolMaximumBytes;
  const maximum = Math.min(protocolMaximumBytes, limits.maximumBytes);
  return {
    rule: ofProtocol ? 'MQTT-4.7.3-3' : 'maximumBytes',
    message: `The topic ${kind} takes ${bytes} bytes or more of UTF-8; at most ${maximum} are allowed.`,
  };
}

function depthFault(kind: 'name' | 'filter', levels: number, limits: TopicLimits): TopicFault {
  return {
    rule: 'maximumLevels',
    message: `The topic ${kind} has ${levels} levels; at most ${limits.maximumLevels} are allowed.`,
  };
}
