import { hash, slash } from './characters.ts';
import { childAt, type LevelChildren, listChildren, withChild, withoutChild } from './level-children.ts';
import { filtersOverlap, matchesFilter } from './topic-matching.ts';
import { hasWildcards, isSystemTopic } from './topic-validity.ts';

/** A wildcard filter with its value. */
interface FilterEntry<T> {
  readonly filter: string;
  value: T;
}

class FilterNode<T> {
  readonly level: string;
  /** What follows by a literal level. */
  children: LevelChildren<FilterNode<T>> = undefined;
  /** What follows by a level `+`. */
  plus: FilterNode<T> | undefined = undefined;
  /** The filter that ends here with a level `#`. */
  hash: FilterEntry<T> | undefined = undefined;
  /** The filter that ends here without one. */
  here: FilterEntry<T> | undefined = undefined;

  constructor(level: string) {
    this.level = level;
  }

  get isEmpty(): boolean {
    return (
      this.children === undefined &&
      this.plus === undefined &&
      this.hash === undefined &&
      this.here === undefined
    );
  }
}

/**
 * Values by topic filter: given a topic name, finds the values of all filters that match it.
 *
 * Filters without wildcards lie in a Map, since one topic name can match only one of them; they cost one Map
 * entry each. Filters with wildcards lie in a tree, a node for each level:
 *
 *     a/+/c      (root) ─ a ─ + ─ c •
 *     a/+/#                   └ # •
 *     +/b        (root) ─ + ─ b •
 *
 * A match goes down all fitting branches level by level and meets no node twice, so it costs at most the
 * nodes that fit a prefix of the topic: it follows the depth of the topic, and many `+` have no
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
  /** The way to the filter that was added last: a node for each of its levels but a last `#`. */
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
    let node: FilterNode<T> | undefined = this.#rootFor(filter);
    const { levels, endsOpen } = splitFilter(filter);
    for (const level of levels) {
      node = level === '+' ? node.plus : childAt(node.children, level);
      if (node === undefined) return undefined;
    }
    return (endsOpen ? node.hash : node.here)?.value;
  }

  /** Gives the filter this value, in place of the one it had. */
  set(filter: string, value: T): void {
    if (!hasWildcards(filter)) {
      this.#generation++;
      this.#exact.set(filter, value);
      return;
    }
    const node = this.#growTo(filter);
    const entry = endsOpen(filter) ? node.hash : node.here;
    if (entry === undefined) this.#addAt(node, filter, value);
    else {
      this.#generation++;
      entry.value = value;
    }
  }

  /** The value of exactly this filter; where it has none, it is given the one that `make` makes. */
  getOrAdd(filter: string, make: (filter: string) => T): T {
    if (!hasWildcards(filter)) {
      const known = this.#exact.get(filter);
      if (known !== undefined) return known;
      const value = make(filter);
      this.set(filter, value);
      return value;
    }
    const node = this.#growTo(filter);
    const entry = endsOpen(filter) ? node.hash : node.here;
    return entry === undefined ? this.#addAt(node, filter, make(filter)) : entry.value;
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
    const open = [this.#root, this.#systemRoot];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.here !== undefined) yield [node.here.filter, node.here.value];
      if (node.hash !== undefined) yield [node.hash.filter, node.hash.value];
      if (node.plus !== undefined) open.push(node.plus);
      for (const child of listChildren(node.children)) open.push(child);
    }
  }

  /**
   * The node at which the filter ends, made where there is none. The subscriptions of one client often have their
   * first levels in common, and a store gives them in order: the way goes on from where it leaves the last one.
   */
  #growTo(filter: string): FilterNode<T> {
    const path = this.#lastPath;
    const { levels, start } = levelsInCommon(this.#lastFilter, filter, path.length);
    path.length = levels;
    let node = path[levels - 1] ?? this.#rootFor(filter);
    const end = endsOpen(filter) ? filter.length - 2 : filter.length;
    for (let levelStart = start; levelStart <= end; ) {
      const nextSlash = filter.indexOf('/', levelStart);
      const levelEnd = nextSlash === -1 || nextSlash > end ? end : nextSlash;
      node = stepOrGrow(node, filter.slice(levelStart, levelEnd));
      path.push(node);
      levelStart = levelEnd + 1;
    }
    this.#lastFilter = filter;
    return node;
  }

  #addAt(node: FilterNode<T>, filter: string, value: T): T {
    if (endsOpen(filter)) node.hash = { filter, value };
    else node.here = { filter, value };
    this.#wildcardCount++;
    this.#generation++;
    return value;
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
      const nextSlash = topic.indexOf('/', levelStart);
      const levelEnd = nextSlash === -1 ? topic.length : nextSlash;
      const level = topic.slice(levelStart, levelEnd);
      for (const end = met.length; from < end; from++) {
        const node = met[from];
        if (node === undefined) break;
        if (node.hash !== undefined) found.push(node.hash);
        if (node.plus !== undefined) met.push(node.plus);
        const child = childAt(node.children, level);
        if (child !== undefined) met.push(child);
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
    let met = [this.#rootFor(filter)];
    for (const level of levels) {
      const next: FilterNode<T>[] = [];
      for (const node of met) {
        if (node.hash !== undefined) found.push(node.hash);
        if (node.plus !== undefined) next.push(node.plus);
        if (level === '+') next.push(...listChildren(node.children));
        else {
          const child = childAt(node.children, level);
          if (child !== undefined) next.push(child);
        }
      }
      met = next;
    }
    if (endsOpen) return found.concat(entriesFrom(met));
    for (const { hash, here } of met) {
      if (hash !== undefined) found.push(hash);
      if (here !== undefined) found.push(here);
    }
    return found;
  }

  #deleteWildcard(filter: string): boolean {
    const path: FilterNode<T>[] = [];
    let node: FilterNode<T> | undefined = this.#rootFor(filter);
    const { levels, endsOpen } = splitFilter(filter);
    for (const level of levels) {
      path.push(node);
      node = level === '+' ? node.plus : childAt(node.children, level);
      if (node === undefined) return false;
    }
    if ((endsOpen ? node.hash : node.here) === undefined) return false;
    if (endsOpen) node.hash = undefined;
    else node.here = undefined;
    this.#wildcardCount--;
    this.#lastFilter = '';
    this.#lastPath = [];
    prune(path, node);
    return true;
  }
}

/** The tree takes "/#" to match its parent as well, but that is the empty topic name, and there is none. */
function reallyOverlap(one: string, other: string): boolean {
  return (one !== '/#' && other !== '/#') || filtersOverlap(one, other);
}

/** Everything at and below the nodes. */
function entriesFrom<T>(nodes: readonly FilterNode<T>[]): FilterEntry<T>[] {
  const found: FilterEntry<T>[] = [];
  const open = [...nodes];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node.hash !== undefined) found.push(node.hash);
    if (node.here !== undefined) found.push(node.here);
    if (node.plus !== undefined) open.push(node.plus);
    for (const child of listChildren(node.children)) open.push(child);
  }
  return found;
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

function stepOrGrow<T>(node: FilterNode<T>, level: string): FilterNode<T> {
  if (level === '+') {
    node.plus ??= new FilterNode(level);
    return node.plus;
  }
  const known = childAt(node.children, level);
  if (known !== undefined) return known;
  const child = new FilterNode<T>(level);
  node.children = withChild(node.children, child);
  return child;
}

/** Cuts off `node` and those above it that lead to no filter any more. `path` leads from the root to it. */
function prune<T>(path: FilterNode<T>[], node: FilterNode<T>): void {
  let child = node;
  for (let parent = path.pop(); parent !== undefined && child.isEmpty; parent = path.pop()) {
    if (parent.plus === child) parent.plus = undefined;
    else parent.children = withoutChild(parent.children, child);
    child = parent;
  }
}
