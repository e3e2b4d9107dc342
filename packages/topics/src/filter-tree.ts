import { hash, slash } from './characters.ts';
import { FilterEntry, FilterNode, type FilterStep } from './filter-node.ts';
import { childAt, listChildren } from './level-children.ts';
import { endOfLevel, filtersOverlap, matchesFilter } from './topic-matching.ts';
import { hasWildcards, isSystemTopic } from './topic-validity.ts';

/**
 * Values by topic filter: given a topic name, finds the values of all filters that match it.
 *
 * Filters without wildcards lie in a Map, since one topic name can match only one of them; they cost one Map
 * entry each. Filters with wildcards lie in a tree, a node for each level that several of them go through; from
 * where a filter is alone its entry stands for all its levels:
 *
 *     a/+/c      (root) ─ a ─ + ─ c •
 *     a/+/#                   └ # •
 *     +/b/+/d    (root) ─ b/+/d •         (by the level + of the root)
 *
 * A match goes down all fitting branches level by level and meets no node or entry twice, so it costs at most the
 * nodes and entries that fit a prefix of the topic: it follows the depth of the topic, and many `+` have no
 * exponential case. Nothing recurses: depth is bounded by memory only.
 *
 * `undefined` cannot be a value: it says that there is none.
 *
 * Filters must be valid ({@link findTopicFilterFault}), and shared ones are taken apart first
 * ({@link parseSharedFilter}): the tree takes `$share` for a level like another.
 *
 * @example
 * const tree = new FilterTree<string>();
 * tree.set('site/+/temperature', 'heating');
 * tree.set('site/#', 'archive');
 * const found: string[] = [];
 * tree.collect('site/7/temperature', found); // found: archive, heating, in no promised order
 */
export class FilterTree<T extends NonNullable<unknown> | null> {
  #generation = 0;
  #wildcardCount = 0;
  readonly #exact = new Map<string, T>();
  readonly #root = new FilterNode<T>('');
  /** Filters beginning with `$` have a root of their own: topics beginning with `$` are sought only there. */
  readonly #systemRoot = new FilterNode<T>('');
  /** The way to the filter that was added last: the nodes of its first levels, as far as there are any. */
  #lastFilter = '';
  #lastPath: FilterNode<T>[] = [];

  /** How many filters have a value. */
  get size(): number {
    return this.#exact.size + this.#wildcardCount;
  }

  /** Rises with every change. What was matched at the same generation is still true. */
  get generation(): number {
    return this.#generation;
  }

  /** Gives the value of exactly this filter, wildcards taken literally. */
  get(filter: string): T | undefined {
    if (!hasWildcards(filter)) return this.#exact.get(filter);
    return this.#find(filter)?.value;
  }

  /** Gives the filter this value, in place of the one it had. */
  set(filter: string, value: T): void {
    if (!hasWildcards(filter)) {
      this.#generation++;
      this.#exact.set(filter, value);
      return;
    }
    const count = this.#wildcardCount;
    const entry = this.#findOrAdd(filter, () => value);
    if (this.#wildcardCount > count) return;
    entry.value = value;
    this.#generation++;
  }

  /** The value of exactly this filter; where it has none, it is given the one that `make` makes. */
  getOrAdd(filter: string, make: (filter: string) => T): T {
    if (!hasWildcards(filter)) {
      const known = this.#exact.get(filter);
      if (known !== undefined) return known;
      const value = make(filter);
      this.#exact.set(filter, value);
      this.#generation++;
      return value;
    }
    return this.#findOrAdd(filter, make).value;
  }

  /** Removes the filter and its value; false when there was none. */
  delete(filter: string): boolean {
    const removed = hasWildcards(filter) ? this.#deleteWildcard(filter) : this.#exact.delete(filter);
    if (removed) this.#generation++;
    return removed;
  }

  /**
   * Calls `visit` with the value of every filter that matches the topic, each once, in no promised order.
   * What is visited is settled before the first call, so `visit` may change the tree.
   */
  match(topic: string, visit: (value: T, filter: string) => void): void {
    const exact = this.#exact.get(topic);
    const entries = this.#findWildcards(topic);
    if (exact !== undefined) visit(exact, topic);
    for (const entry of entries) visit(entry.value, entry.filter);
  }

  /** Appends to `into` the value of every filter that matches the topic, each once, in no promised order. */
  collect(topic: string, into: T[]): void {
    const exact = this.#exact.get(topic);
    if (exact !== undefined) into.push(exact);
    if (this.#wildcardCount === 0) return;
    for (const entry of this.#findWildcards(topic)) into.push(entry.value);
  }

  /**
   * Calls `visit` with the value of every filter that has a topic in common with this one, each once, in no
   * promised order. It costs the nodes that fit a prefix of the filter, and of filters without wildcards, where
   * this one has some, all that there are.
   */
  overlapping(filter: string, visit: (value: T, filter: string) => void): void {
    const found = this.#findOverlapping(filter);
    if (!hasWildcards(filter)) {
      const exact = this.#exact.get(filter);
      if (exact !== undefined) visit(exact, filter);
    } else {
      for (const [topic, value] of [...this.#exact]) if (matchesFilter(filter, topic)) visit(value, topic);
    }
    for (const entry of found) {
      if (reallyOverlap(filter, entry.filter)) visit(entry.value, entry.filter);
    }
  }

  /** All filters with their values, in no promised order. The tree must not change before it is read through. */
  *entries(): IterableIterator<[filter: string, value: T]> {
    yield* this.#exact;
    for (const { filter, value } of entriesFrom([this.#root, this.#systemRoot])) yield [filter, value];
  }

  /** The entry of a filter. `way` gets the nodes that lead to it, the root first. */
  #find(filter: string, way: FilterNode<T>[] = []): FilterEntry<T> | undefined {
    let step: FilterStep<T> | undefined = this.#rootFor(filter);
    const { levels, endsOpen } = splitFilter(filter);
    for (const level of levels) {
      if (step === undefined || step instanceof FilterEntry) break;
      way.push(step);
      step = stepBy(step, level);
    }
    if (step instanceof FilterEntry) return step.filter === filter ? step : undefined;
    if (step !== undefined) way.push(step);
    return endsOpen ? step?.hash : step?.here;
  }

  /**
   * The entry of a filter; where there is none, one with the value that `make` makes. The subscriptions of one client
   * often have their first levels in common, and a store gives them in order: the way goes on from where it leaves the
   * last one.
   */
  #findOrAdd(filter: string, make: (filter: string) => T): FilterEntry<T> {
    const path = this.#lastPath;
    const { levels, start } = levelsInCommon(this.#lastFilter, filter, path.length);
    path.length = levels;
    this.#lastFilter = filter;
    let node = path[levels - 1] ?? this.#rootFor(filter);
    const isOpen = endsOpen(filter);
    const end = isOpen ? filter.length - 2 : filter.length;
    for (let levelStart = start; levelStart <= end; ) {
      const levelEnd = endOfLevel(filter, levelStart);
      const level = filter.slice(levelStart, levelEnd);
      let step = stepBy(node, level);
      if (step === undefined) {
        const entry = this.#makeEntry(filter, make, level, levelEnd + 1);
        node.add(entry);
        return entry;
      }
      if (step instanceof FilterEntry) {
        if (step.filter === filter) return step;
        step = node.split(step);
      }
      node = step;
      path.push(node);
      levelStart = levelEnd + 1;
    }
    const known = isOpen ? node.hash : node.here;
    if (known !== undefined) return known;
    const entry = this.#makeEntry(filter, make, '', filter.length);
    if (isOpen) node.hash = entry;
    else node.here = entry;
    return entry;
  }

  #makeEntry(filter: string, make: (filter: string) => T, level: string, rest: number): FilterEntry<T> {
    const entry = new FilterEntry(filter, make(filter), level, rest);
    this.#wildcardCount++;
    this.#generation++;
    return entry;
  }

  #rootFor(filterOrTopic: string): FilterNode<T> {
    return isSystemTopic(filterOrTopic) ? this.#systemRoot : this.#root;
  }

  /**
   * Takes the topic level by level. `met` holds the nodes met so far, generation after generation: those from
   * `from` on are the ones to which the levels so far lead.
   */
  #findWildcards(topic: string): readonly FilterEntry<T>[] {
    if (this.#wildcardCount === 0) return noEntries;
    const found: FilterEntry<T>[] = [];
    const met = [this.#rootFor(topic)];
    let from = 0;
    let levelStart = 0;
    while (levelStart <= topic.length && from < met.length) {
      const levelEnd = endOfLevel(topic, levelStart);
      const level = topic.slice(levelStart, levelEnd);
      for (const end = met.length; from < end; from++) {
        const node = met[from];
        if (node === undefined) break;
        if (node.hash !== undefined) found.push(node.hash);
        meet(node.plus, topic, levelEnd + 1, met, found);
        meet(childAt(node.children, level), topic, levelEnd + 1, met, found);
      }
      levelStart = levelEnd + 1;
    }
    for (; from < met.length; from++) {
      const node = met[from];
      // "#" includes the parent level: "a/#" matches "a". [MQTT-4.7.1-1]
      if (node?.hash !== undefined) found.push(node.hash);
      if (node?.here !== undefined) found.push(node.here);
    }
    return found;
  }

  /** As for a topic, but that a level of the filter may stand for all the levels there are. */
  #findOverlapping(filter: string): readonly FilterEntry<T>[] {
    if (this.#wildcardCount === 0) return noEntries;
    const { levels, endsOpen } = splitFilter(filter);
    const found: FilterEntry<T>[] = [];
    let met: FilterNode<T>[] = [this.#rootFor(filter)];
    for (const level of levels) {
      const next: FilterNode<T>[] = [];
      for (const node of met) {
        if (node.hash !== undefined) found.push(node.hash);
        for (const step of stepsInCommon(node, level)) {
          if (step instanceof FilterNode) next.push(step);
          else if (filtersOverlap(filter, step.filter)) found.push(step);
        }
      }
      met = next;
    }
    if (endsOpen) return [...found, ...entriesFrom(met)];
    for (const { hash, here } of met) {
      if (hash !== undefined) found.push(hash);
      if (here !== undefined) found.push(here);
    }
    return found;
  }

  #deleteWildcard(filter: string): boolean {
    const way: FilterNode<T>[] = [];
    const entry = this.#find(filter, way);
    if (entry === undefined) return false;
    let gone: FilterStep<T> = entry;
    for (let node = way.pop(); node !== undefined; node = way.pop()) {
      node.remove(gone);
      // What leads to no filter any more goes too.
      if (!node.isEmpty) break;
      gone = node;
    }
    this.#wildcardCount--;
    this.#lastFilter = '';
    this.#lastPath = [];
    return true;
  }
}

/** A step that fits the topic so far: a node is met; an entry is found, if what is left of the topic fits it as well. */
function meet<T>(
  step: FilterStep<T> | undefined,
  topic: string,
  topicAt: number,
  met: FilterNode<T>[],
  found: FilterEntry<T>[],
): void {
  if (step === undefined) return;
  if (step instanceof FilterNode) met.push(step);
  else if (step.matchesRest(topic, topicAt)) found.push(step);
}

/** The steps whose levels have something in common with a level of a filter. */
function* stepsInCommon<T>(node: FilterNode<T>, level: string): Generator<FilterStep<T>> {
  if (node.plus !== undefined) yield node.plus;
  if (level === '+') yield* listChildren(node.children);
  else {
    const child = childAt(node.children, level);
    if (child !== undefined) yield child;
  }
}

/** The tree takes "/#" to match its parent as well, but that is the empty topic name, and there is none. */
function reallyOverlap(one: string, other: string): boolean {
  return (one !== '/#' && other !== '/#') || filtersOverlap(one, other);
}

/** Everything at and below the nodes. */
function* entriesFrom<T>(nodes: readonly FilterNode<T>[]): Generator<FilterEntry<T>> {
  const open: FilterStep<T>[] = [...nodes];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (step instanceof FilterEntry) {
      yield step;
      continue;
    }
    if (step.hash !== undefined) yield step.hash;
    if (step.here !== undefined) yield step.here;
    if (step.plus !== undefined) open.push(step.plus);
    for (const child of listChildren(step.children)) open.push(child);
  }
}

const noEntries: readonly never[] = [];

/** How many of the first `most` levels two filters have in common, and where the next one begins. */
function levelsInCommon(one: string, other: string, most: number): { levels: number; start: number } {
  let [levels, start] = [0, 0];
  for (let at = 0; levels < most; at++) {
    const code = one.charCodeAt(at);
    if (code !== other.charCodeAt(at)) break;
    if (code !== slash) continue;
    levels++;
    start = at + 1;
  }
  return { levels, start };
}

/** Whether the last level of a valid filter is `#`. */
function endsOpen(filter: string): boolean {
  return filter.charCodeAt(filter.length - 1) === hash;
}

function splitFilter(filter: string): { levels: string[]; endsOpen: boolean } {
  const levels = filter.split('/');
  const isOpen = endsOpen(filter);
  if (isOpen) levels.pop();
  return { levels, endsOpen: isOpen };
}

function stepBy<T>(node: FilterNode<T>, level: string): FilterStep<T> | undefined {
  return level === '+' ? node.plus : childAt(node.children, level);
}
