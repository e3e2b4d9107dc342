import { dollar, hash, plus, slash } from './characters.ts';

/**
 * Says whether a filter matches a topic name, character by character as they were sent: nothing is
 * normalised or folded. [MQTT-4.7.3-4]
 *
 * Both must be valid. The filter is taken as it stands: of a shared filter, pass the part that
 * {@link parseSharedFilter} gives. For many filters at once use {@link FilterTree}.
 *
 * @example
 * matchesFilter('site/+/temperature', 'site/7/temperature'); // true
 * matchesFilter('site/#', 'site'); // true: # includes the parent level
 * matchesFilter('#', '$SYS/uptime'); // false: a leading wildcard matches no topic beginning with $
 */
export function matchesFilter(filter: string, topic: string): boolean {
  const first = filter.charCodeAt(0);
  // [MQTT-4.7.2-1]
  if (topic.charCodeAt(0) === dollar && (first === plus || first === hash)) return false;

  return matchesFrom(filter, 0, topic, 0);
}

/** Whether what begins in the filter at a level matches what begins in the topic at one. */
export function matchesFrom(filter: string, filterStart: number, topic: string, topicStart: number): boolean {
  let filterAt = filterStart;
  let topicAt = topicStart;
  // Each turn takes one level of both.
  for (;;) {
    const code = filter.charCodeAt(filterAt);
    if (code === hash) return true;
    if (code === plus) {
      filterAt++;
      topicAt = endOfLevel(topic, topicAt);
    } else {
      while (filterAt < filter.length && filter.charCodeAt(filterAt) !== slash) {
        if (filter.charCodeAt(filterAt) !== topic.charCodeAt(topicAt)) return false;
        filterAt++;
        topicAt++;
      }
    }
    if (topicAt === topic.length) {
      return filterAt === filter.length || isRemainderMultiLevel(filter, filterAt);
    }
    // Either the filter is at its end while the topic goes on, or the topic's level is longer.
    if (filterAt === filter.length || topic.charCodeAt(topicAt) !== slash) return false;
    filterAt++;
    topicAt++;
  }
}

/** Where the level that begins at `from` ends. */
export function endOfLevel(topic: string, from: number): number {
  const end = topic.indexOf('/', from);
  return end === -1 ? topic.length : end;
}

/** True when nothing but `/#` is left, which matches the parent level too. */
function isRemainderMultiLevel(filter: string, at: number): boolean {
  return at === filter.length - 2 && filter.charCodeAt(at + 1) === hash;
}

/**
 * Says whether every topic name that `narrower` matches is matched by `wider` too: what an access list needs
 * to allow a subscription.
 *
 * Both must be valid and not shared (pass the part that {@link parseSharedFilter} gives). The answer is exact:
 * it compares what the filters match, not how they are written.
 *
 * @example
 * filterCovers('site/#', 'site/+/temperature'); // true
 * filterCovers('site/+', 'site/#'); // false
 * filterCovers('#', '$SYS/#'); // false
 * filterCovers('+/#', '#'); // true: the same topics
 */
export function filterCovers(wider: string, narrower: string): boolean {
  const wide = shapeOf(wider);
  const narrow = shapeOf(narrower);
  if (wide.openEnded ? wide.levels.length > narrow.levels.length : !hasOnlyDepthOf(narrow, wide))
    return false;
  if (wide.levels[0] === '+' && narrow.levels[0]?.startsWith('$')) return false;
  return wide.levels.every((level, index) => level === '+' || level === narrow.levels[index]);
}

/**
 * Says whether there is a topic name that both filters match. Both must be valid and not shared.
 *
 * @example
 * filtersOverlap('site/+/temperature', 'site/7/#'); // true
 * filtersOverlap('+/uptime', '$SYS/uptime'); // false
 */
export function filtersOverlap(a: string, b: string): boolean {
  const one = shapeOf(a);
  const other = shapeOf(b);
  const [shorter, longer] = one.levels.length <= other.levels.length ? [one, other] : [other, one];
  if (shorter.levels.length !== longer.levels.length && !shorter.openEnded) return false;
  return shorter.levels.every((level, index) => levelsOverlap(level, longer.levels[index], index));
}

function levelsOverlap(a: string, b: string | undefined, index: number): boolean {
  if (a === b) return true;
  if (a !== '+' && b !== '+') return false;
  // [MQTT-4.7.2-1]
  return index > 0 || !(a.startsWith('$') || b?.startsWith('$'));
}

/**
 * The set of topics a filter matches: these levels, and when open-ended any number of further ones.
 * Filters that match the same topics have the same shape.
 */
interface FilterShape {
  readonly levels: readonly string[];
  readonly openEnded: boolean;
}

function shapeOf(filter: string): FilterShape {
  const levels = filter.split('/');
  if (levels.at(-1) !== '#') return { levels, openEnded: false };
  levels.pop();
  // "#" alone needs one level of any kind. "/#" would also match its parent, but that is the empty topic
  // name, which does not exist [MQTT-4.7.3-1]: so it needs a second level.
  if (levels.length === 0 || (levels.length === 1 && levels[0] === '')) levels.push('+');
  return { levels, openEnded: true };
}

function hasOnlyDepthOf(shape: FilterShape, other: FilterShape): boolean {
  return !shape.openEnded && shape.levels.length === other.levels.length;
}
