import { childAt, type LevelChildren } from './level-children.ts';

/** A level of a topic name in a {@link NameTree}; when a name ends here, its value. */
export class NameNode<T> {
  readonly level: string;
  children: LevelChildren<NameNode<T>> = undefined;
  name: string | undefined = undefined;
  value: T | undefined = undefined;
  /** Which addition to the tree gave the name its place. */
  addition = 0;

  constructor(level: string) {
    this.level = level;
  }

  get isEmpty(): boolean {
    return this.children === undefined && this.name === undefined;
  }

  hold(name: string, value: T, addition: number): void {
    this.name = name;
    this.value = value;
    this.addition = addition;
  }

  release(): void {
    this.name = undefined;
    this.value = undefined;
  }
}

/** Siblings still to be walked, and the place in the filter that applies to them. */
interface Branch<T> {
  readonly siblings: Iterator<NameNode<T>>;
  readonly place: number;
}

/**
 * A walk through the nodes whose names match a wildcard filter, which may pause after every node while the
 * tree changes.
 *
 * What the walk still has to do is a stack of sibling lists. They are the tree's own Maps, whose iterators
 * skip what was deleted and go on to what was added; names younger than the walk are recognised by their
 * number and passed over. A node cut off meanwhile is empty, so a walk that still holds it finds nothing
 * there; nodes are never put back into the tree.
 */
export class NameWalk<T> {
  readonly #levels: readonly string[];
  readonly #lastAddition: number;
  readonly #open: Branch<T>[] = [];
  #node: NameNode<T> | undefined;
  /** The level of the filter that says what is wanted below `#node`. */
  #place = 0;

  constructor(root: NameNode<T>, filter: string, lastAddition: number) {
    this.#levels = filter.split('/');
    this.#lastAddition = lastAddition;
    this.#node = root;
  }

  next(): NameNode<T> | undefined {
    for (;;) {
      const node = this.#node ?? this.#nextOpen();
      if (node === undefined) return undefined;
      const place = this.#place;
      this.#node = undefined;
      const wanted = this.#levels[place];
      this.#descend(node, wanted, place);
      const fits = wanted === undefined || wanted === '#';
      if (fits && node.name !== undefined && node.addition <= this.#lastAddition) return node;
    }
  }

  /** Settles which of the node's children come next. */
  #descend(node: NameNode<T>, wanted: string | undefined, place: number): void {
    const children = node.children;
    if (wanted === undefined || children === undefined) return;
    // "#" wants the same of the children as of the node.
    const placeBelow = wanted === '#' ? place : place + 1;
    if (wanted !== '#' && wanted !== '+') {
      this.#node = childAt(children, wanted);
      this.#place = placeBelow;
    } else if (children instanceof Map) {
      this.#open.push({ siblings: children.values(), place: placeBelow });
    } else {
      this.#node = children;
      this.#place = placeBelow;
    }
  }

  #nextOpen(): NameNode<T> | undefined {
    for (let branch = this.#open.at(-1); branch !== undefined; branch = this.#open.at(-1)) {
      const step = branch.siblings.next();
      if (step.done !== true) {
        this.#place = branch.place;
        return step.value;
      }
      this.#open.pop();
    }
    return undefined;
  }
}
