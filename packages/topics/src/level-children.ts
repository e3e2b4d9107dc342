/** A node of a tree of topic levels. */
export interface LevelNode {
  /** The text of the level, without slashes. */
  readonly level: string;
}

/**
 * The nodes below a node, by their level.
 *
 * Topics branch at few levels and are chains at most others (`devices/<a million of them>/state`), so an only
 * child is held directly: an empty Map takes about 200 bytes, which every device would pay. A Map once
 * made stays a Map until its last entry goes, which drops the node itself.
 */
export type LevelChildren<N extends LevelNode> = undefined | N | Map<string, N>;

export function childAt<N extends LevelNode>(children: LevelChildren<N>, level: string): N | undefined {
  if (children === undefined) return undefined;
  if (children instanceof Map) return children.get(level);
  return children.level === level ? children : undefined;
}

/** Gives the children with `node` among them. The level must be free. */
export function withChild<N extends LevelNode>(children: LevelChildren<N>, node: N): LevelChildren<N> {
  if (children === undefined) return node;
  if (children instanceof Map) return children.set(node.level, node);
  return new Map([
    [children.level, children],
    [node.level, node],
  ]);
}

/** Gives the children with `node` in the place of the one at its level. */
export function replaceChild<N extends LevelNode>(children: LevelChildren<N>, node: N): LevelChildren<N> {
  return children instanceof Map ? children.set(node.level, node) : node;
}

/** Gives the children with `node`, which must be one of them, removed. */
export function withoutChild<N extends LevelNode>(children: LevelChildren<N>, node: N): LevelChildren<N> {
  if (!(children instanceof Map)) return undefined;
  children.delete(node.level);
  return children.size === 0 ? undefined : children;
}

export function listChildren<N extends LevelNode>(children: LevelChildren<N>): Iterable<N> {
  if (children === undefined) return [];
  return children instanceof Map ? children.values() : [children];
}
