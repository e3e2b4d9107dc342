import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NameTree } from '../src/index.ts';
import { matchesPlainly } from './reference.ts';

function treeOf(...topics: string[]): NameTree<number> {
  const tree = new NameTree<number>();
  for (const topic of topics) tree.set(topic, 0);
  return tree;
}

describe('a walk through the tree of names while the tree changes', () => {
  test('gives no name that was removed before its turn', () => {
    const tree = treeOf('a/1', 'a/2', 'a/3', 'b');
    const walk = tree.matching('a/+');
    const first = walk.next().value?.[0];
    const others = ['a/1', 'a/2', 'a/3'].filter((topic) => topic !== first);
    tree.delete(others[0] ?? '');
    expect([...walk].map(([topic]) => topic)).toEqual([others[1]]);
  });

  test('gives a name with the value it has at its turn', () => {
    const tree = treeOf('a/1', 'a/2');
    const walk = tree.matching('#');
    const first = walk.next().value?.[0];
    tree.set('a/1', 7);
    tree.set('a/2', 7);
    expect([...walk]).toEqual([[first === 'a/1' ? 'a/2' : 'a/1', 7]]);
  });

  test('gives no name that was added after its first step, at whatever level', () => {
    const tree = treeOf('a', 'a/b');
    const walk = tree.matching('#');
    walk.next();
    for (const topic of ['a/c', 'a/b/c', 'b', 'b/c']) tree.set(topic, 1);
    expect([...walk].map(([topic]) => topic)).toEqual(['a/b']);
    expect([...tree.matching('#')]).toHaveLength(6);
  });

  test('begins with the call: what is added or set again before the first step is not given', () => {
    const tree = treeOf('a', 'b', 'c');
    const all = tree.matching('+');
    const some = ['a', 'b', 'c', 'd'].map((topic) => tree.matching(topic));
    tree.delete('a');
    tree.delete('b');
    tree.set('b', 1);
    tree.set('c', 1);
    tree.set('d', 1);
    expect([...all]).toEqual([['c', 1]]);
    expect(some.flatMap((walk) => [...walk])).toEqual([['c', 1]]);
  });

  test('takes a name that was removed and set again for a new one', () => {
    const tree = treeOf('a/1', 'a/2', 'a/3');
    const walk = tree.matching('a/+');
    const given = [walk.next().value?.[0]];
    for (const topic of ['a/1', 'a/2', 'a/3']) tree.delete(topic);
    for (const topic of ['a/1', 'a/2', 'a/3']) tree.set(topic, 1);
    expect(given).toHaveLength(1);
    expect([...walk]).toEqual([]);
  });

  test('ends although a name is added at every step', () => {
    const tree = treeOf(...Array.from({ length: 100 }, (_, index) => `a/${index}`));
    let steps = 0;
    for (const [topic] of tree.matching('#')) {
      steps++;
      tree.delete(topic);
      tree.set(topic, 1);
      tree.set(`a/new/${steps}`, 1);
    }
    expect(steps).toBe(100);
  });

  test('ends when everything is removed at the first step', () => {
    const tree = treeOf('a', 'a/b', 'a/b/c', 'a/d', 'b/c');
    const walk = tree.matching('#');
    walk.next();
    for (const [topic] of [...tree.entries()]) tree.delete(topic);
    expect(walk.next().done).toBe(true);
  });

  test('lets the visitor of a match remove what it is given', () => {
    const tree = treeOf('a/1', 'a/2', 'b/1', 'b/2', 'c');
    tree.match('+/+', (_, topic) => tree.delete(topic));
    expect([...tree.entries()]).toEqual([['c', 0]]);
  });

  test('gives each name that stayed exactly once, none removed, none new, by random use', () => {
    const names = fc.uniqueArray(fewNames, { maxLength: 30 });
    fc.assert(
      fc.property(names, fewFilters, changesByStep, (topics, filter, changes) => {
        const tree = treeOf(...topics);
        const removed = new Set<string>();
        const given: string[] = [];
        for (const [topic] of tree.matching(filter)) {
          expect(topics).toContain(topic);
          expect(removed).not.toContain(topic);
          for (const lost of applyChanges(tree, changes[given.length] ?? [])) removed.add(lost);
          given.push(topic);
        }
        const stayed = topics.filter((topic) => matchesPlainly(filter, topic) && !removed.has(topic));
        expect(given).toEqual(expect.arrayContaining(stayed));
        expect(new Set(given).size).toBe(given.length);
        expect(given.every((topic) => matchesPlainly(filter, topic))).toBe(true);
      }),
      { numRuns: 800 },
    );
  });
});

interface Change {
  readonly isSet: boolean;
  readonly topic: string;
}

/** So few that changes often meet a name that is there. */
const fewNames = fc
  .array(fc.constantFrom('a', 'b', '$'), { minLength: 1, maxLength: 3 })
  .map((levels) => levels.join('/'));

const fewFilters = fc
  .tuple(fc.array(fc.constantFrom('a', '$', '+'), { maxLength: 2 }), fc.constantFrom('+', '#'))
  .map(([levels, last]) => [...levels, last].join('/'));

const changesByStep = fc.array(
  fc.array(fc.record({ isSet: fc.boolean(), topic: fewNames }), { maxLength: 6 }),
  { maxLength: 12 },
);

/** Gives the names that were removed, if only for a moment. */
function applyChanges(tree: NameTree<number>, changes: readonly Change[]): string[] {
  const removed: string[] = [];
  for (const { isSet, topic } of changes) {
    if (isSet) tree.set(topic, 1);
    else if (tree.delete(topic)) removed.push(topic);
  }
  return removed;
}
