import { hash } from './characters.ts';
import { type LevelChildren, replaceChild, withChild, withoutChild } from './level-children.ts';
import { endOfLevel, matchesFrom } from './topic-matching.ts';

/** A wildcard filter with its value; it stands for all its levels that no other filter goes through. */
export class FilterEntry<T> {
  readonly filter: string;
  value: T;
  /** The level by which it hangs below its node, unless it ends at the node. */
  level: string;
  /** Where what follows that level begins in the filter; behind its end when nothing does. */
  rest: number;

  constructor(filter: string, value: T, level: string, rest: number) {
    this.filter = filter;
    this.value = value;
    this.level = level;
    this.rest = rest;
  }

  /** Whether what follows the level matches what begins in the topic at `topicAt`, behind its end when nothing does. */
  matchesRest(topic: string, topicAt: number): boolean {
    const { filter, rest } = this;
    if (rest > filter.length) return topicAt > topic.length;
    // "#" includes the parent level: "a/#" matches "a". [MQTT-4.7.1-1]
    if (topicAt > topic.length) return rest === filter.length - 1 && filter.charCodeAt(rest) === hash;
    return matchesFrom(filter, rest, topic, topicAt);
  }
}

/** What a level leads to: a node when several filters go through it, or the only one that does. */
export type FilterStep<T> = FilterNode<T> | FilterEntry<T>;

export class FilterNode<T> {
  readonly level: string;
  /** What follows by a literal level. */
  children: LevelChildren<FilterStep<T>> = undefined;
  /** What follows by a level `+`. */
  plus: FilterStep<T> | undefined = undefined;
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

  /** Hangs what is new below here, by a level that is free. */
  add(step: FilterStep<T>): void {
    if (step.level === '+') this.plus = step;
    else this.children = withChild(this.children, step);
  }

  /** A second filter goes through the level of an entry: puts a node there, from which the entry goes on. */
  split(entry: FilterEntry<T>): FilterNode<T> {
    const node = new FilterNode<T>(entry.level);
    if (this.plus === entry) this.plus = node;
    else this.children = replaceChild(this.children, node);
    node.#takeOver(entry);
    return node;
  }

  /** Takes away a step, or an entry that ends here. */
  remove(step: FilterStep<T>): void {
    if (this.plus === step) this.plus = undefined;
    else if (this.hash === step) this.hash = undefined;
    else if (this.here === step) this.here = undefined;
    else this.children = withoutChild(this.children, step);
  }

  #takeOver(entry: FilterEntry<T>): void {
    const { filter, rest } = entry;
    if (rest > filter.length) this.here = entry;
    else if (rest === filter.length - 1 && filter.charCodeAt(rest) === hash) this.hash = entry;
    else {
      const levelEnd = endOfLevel(filter, rest);
      entry.level = filter.slice(rest, levelEnd);
      entry.rest = levelEnd + 1;
      this.add(entry);
    }
  }
}
