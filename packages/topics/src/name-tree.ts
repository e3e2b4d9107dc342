import { childAt, withChild, withoutChild } from './level-children.ts';
import { NameNode, NameWalk } from './name-walk.ts';
import { hasWildcards, isSystemTopic } from './topic-validity.ts';

/**
 * Values by topic name: given a filter, finds all names that it matches. Retained messages lie in one.
 *
 *     a/b    (root) ─ a ─ b •
 *     a/b/c               └ c •
 *     a/d             └ d •
 *
 * Every name is also in a Map, so that a name, and a filter without wildcards, is found in one step whatever
 * its depth. A filter with wildcards goes down the branches that fit and meets no node twice: however many
 * `+` it has, it costs at most the nodes there are. Nothing recurses: depth is bounded by memory only.
 *
 * Names and filters must be valid ({@link findTopicNameFault}, {@link findTopicFilterFault}), and filters not
 * shared. `undefined` cannot be a value: it says that there is none.
 *
 * @example
 * const tree = new NameTree<number>();
 * tree.set('site/7/temperature', 21);
 * tree.match('site/+/temperature', (value, topic) => console.log(topic, value)); // site/7/temperature 21
 */
export class NameTree<T extends NonNullable<unknown> | null> {
  readonly #names = new Map<string, NameNode<T>>();
  readonly #root = new NameNode<T>('');
  /** Names beginning with `$` have a root of their own: a filter beginning with a wildcard never goes there. */
  readonly #systemRoot = new NameNode<T>('');
  /** How many names were ever added; the number of each says which were there before which. */
  #additions = 0;

  /** How many names have a value. */
  get size(): number {
    return this.#names.size;
  }

  /** The value of exactly this name, `undefined` when it has none. */
  get(topic: string): T | undefined {
    return this.#names.get(topic)?.value;
  }

  /** Gives the name this value, in place of the one it had. */
  set(topic: string, value: T): void {
    const known = this.#names.get(topic);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    let node = this.#rootFor(topic);
    for (const level of topic.split('/')) node = stepOrGrow(node, level);
    node.hold(topic, value, ++this.#additions);
    this.#names.set(topic, node);
  }

  /** Removes the name and its value; false when there was none. */
  delete(topic: string): boolean {
    const node = this.#names.get(topic);
    if (node === undefined) return false;
    this.#names.delete(topic);
    node.release();
    this.#prune(topic);
    return true;
  }

  /**
   * Calls `visit` with every name that the filter matches and its value, each once, in no promised order.
   * `visit` may change the tree; what that does is said at {@link matching}.
   */
  match(filter: string, visit: (value: T, topic: string) => void): void {
    for (const [topic, value] of this.matching(filter)) visit(value, topic);
  }

  /**
   * Goes through the names that the filter matches, step by step, in no promised order. The walk begins with
   * this call, and the tree may change before its first step and between the steps:
   *
   * - A name that is there from the call to the last step is given exactly once, with the value it has when
   *   it is given.
   * - A name that is removed before it is given is not given.
   * - A name that is added after the call is not given; one removed and set again counts as added.
   *
   * So the walk ends however fast names are added, and a subscriber who is sent what is given here and, from
   * the call on, every new message, misses nothing.
   */
  matching(filter: string): IterableIterator<[topic: string, value: T]> {
    if (hasWildcards(filter))
      return walkThrough(new NameWalk(this.#rootFor(filter), filter, this.#additions));
    const node = this.#names.get(filter);
    return node === undefined ? [].values() : nameIfUnchanged(node, node.addition);
  }

  /** All names with their values, the oldest first. Names added meanwhile are given too, at the end. */
  *entries(): IterableIterator<[topic: string, value: T]> {
    for (const [name, node] of this.#names) {
      if (node.value !== undefined) yield [name, node.value];
    }
  }

  #rootFor(filterOrTopic: string): NameNode<T> {
    return isSystemTopic(filterOrTopic) ? this.#systemRoot : this.#root;
  }

  /** Cuts off the branch of a name just removed, as far up as it leads to no other name. */
  #prune(topic: string): void {
    const path: NameNode<T>[] = [];
    let node: NameNode<T> | undefined = this.#rootFor(topic);
    for (const level of topic.split('/')) {
      path.push(node);
      node = childAt(node.children, level);
      if (node === undefined) return;
    }
    for (let parent = path.pop(); parent !== undefined && node.isEmpty; parent = path.pop()) {
      parent.children = withoutChild(parent.children, node);
      node = parent;
    }
  }
}

function* walkThrough<T>(walk: NameWalk<T>): IterableIterator<[topic: string, value: T]> {
  for (let node = walk.next(); node !== undefined; node = walk.next()) {
    if (node.name !== undefined && node.value !== undefined) yield [node.name, node.value];
  }
}

/** One name, as long as it is still the one that was added then. */
function* nameIfUnchanged<T>(
  node: NameNode<T>,
  addition: number,
): IterableIterator<[topic: string, value: T]> {
  const { name, value } = node;
  if (name !== undefined && value !== undefined && node.addition === addition) yield [name, value];
}

function stepOrGrow<T>(node: NameNode<T>, level: string): NameNode<T> {
  const known = childAt(node.children, level);
  if (known !== undefined) return known;
  const child = new NameNode<T>(level);
  node.children = withChild(node.children, child);
  return child;
}
