import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NameTree } from '../src/index.ts';
import { topicFilters, topicNames } from './arbitraries.ts';
import { matchesPlainly } from './reference.ts';

function treeOf(...topics: string[]): NameTree<string> {
  const tree = new NameTree<string>();
  for (const topic of topics) tree.set(topic, `value of ${topic}`);
  return tree;
}

function matchedNames(tree: NameTree<string>, filter: string): string[] {
  const topics: string[] = [];
  tree.match(filter, (value, topic) => {
    expect(value).toBe(`value of ${topic}`);
    topics.push(topic);
  });
  return topics.sort();
}

describe('the tree of names', () => {
  test('finds all names that a filter matches', () => {
    const tree = treeOf('a', 'a/b', 'a/b/c', 'a/d', 'b', 'b/b', '/b', 'a/');
    expect(matchedNames(tree, 'a/b')).toEqual(['a/b']);
    expect(matchedNames(tree, 'a/+')).toEqual(['a/', 'a/b', 'a/d']);
    expect(matchedNames(tree, '+/b')).toEqual(['/b', 'a/b', 'b/b']);
    expect(matchedNames(tree, '+/b/+')).toEqual(['a/b/c']);
    expect(matchedNames(tree, '+')).toEqual(['a', 'b']);
    expect(matchedNames(tree, 'c/#')).toEqual([]);
    expect(matchedNames(tree, 'a/b/c/d')).toEqual([]);
  });

  test('[MQTT-4.7.1-1] takes # for the parent level and everything below', () => {
    const tree = treeOf('a', 'a/b', 'a/b/c', 'ab', '/', '/a');
    expect(matchedNames(tree, 'a/#')).toEqual(['a', 'a/b', 'a/b/c']);
    expect(matchedNames(tree, '+/b/#')).toEqual(['a/b', 'a/b/c']);
    expect(matchedNames(tree, '/#')).toEqual(['/', '/a']);
    expect(matchedNames(tree, '+/+/#')).toEqual(['/', '/a', 'a/b', 'a/b/c']);
    expect(matchedNames(tree, '#')).toEqual(['/', '/a', 'a', 'a/b', 'a/b/c', 'ab']);
  });

  test('[MQTT-4.7.2-1] gives no name beginning with $ for a filter beginning with a wildcard', () => {
    const tree = treeOf('$SYS', '$SYS/uptime', '$SYS/clients/count', 'a/$SYS');
    for (const filter of ['#', '+/#']) expect(matchedNames(tree, filter)).toEqual(['a/$SYS']);
    expect(matchedNames(tree, '+')).toEqual([]);
    expect(matchedNames(tree, '+/uptime')).toEqual([]);
    expect(matchedNames(tree, '$SYS/#')).toEqual(['$SYS', '$SYS/clients/count', '$SYS/uptime']);
    expect(matchedNames(tree, '$SYS/+')).toEqual(['$SYS/uptime']);
  });

  test('gives, replaces and removes the value of a name', () => {
    const tree = new NameTree<number>();
    tree.set('a/b', 1);
    tree.set('a/b', 2);
    expect(tree.get('a/b')).toBe(2);
    expect(tree.get('a')).toBeUndefined();
    expect(tree.get('a/+')).toBeUndefined();
    expect(tree.size).toBe(1);
    expect(tree.delete('a')).toBe(false);
    expect(tree.delete('a/b')).toBe(true);
    expect(tree.delete('a/b')).toBe(false);
    expect(tree.size).toBe(0);
    expect([...tree.matching('#')]).toEqual([]);
  });

  test('removes a name without those above and below it', () => {
    const tree = treeOf('a', 'a/b', 'a/b/c');
    tree.delete('a/b');
    expect(matchedNames(tree, '#')).toEqual(['a', 'a/b/c']);
    tree.delete('a/b/c');
    expect(matchedNames(tree, '#')).toEqual(['a']);
  });

  test('takes null, false, 0 and the empty string for values', () => {
    const tree = new NameTree<null | false | 0 | ''>();
    tree.set('a', null);
    tree.set('b', false);
    tree.set('c', 0);
    tree.set('d', '');
    expect(new Map(tree.matching('+'))).toEqual(
      new Map<string, unknown>([
        ['a', null],
        ['b', false],
        ['c', 0],
        ['d', ''],
      ]),
    );
    expect([...tree.matching('a')]).toEqual([['a', null]]);
    expect([...tree.entries()]).toHaveLength(4);
  });

  test('lists all its names with their values, the oldest first', () => {
    const tree = treeOf('b', '$SYS/a', 'a/b', 'a');
    expect([...tree.entries()]).toEqual(
      ['b', '$SYS/a', 'a/b', 'a'].map((topic) => [topic, `value of ${topic}`]),
    );
  });
});

describe('the tree of names, by random use', () => {
  test('finds the names that the filter by itself matches', () => {
    fc.assert(
      fc.property(fc.uniqueArray(topicNames, { maxLength: 40 }), topicFilters, (topics, filter) => {
        const expected = topics.filter((topic) => matchesPlainly(filter, topic)).sort();
        expect(matchedNames(treeOf(...topics), filter)).toEqual(expected);
      }),
      { numRuns: 600 },
    );
  });

  test('is after any changes what a plain list of names is', () => {
    const change = fc.record({ isSet: fc.boolean(), topic: topicNames, value: fc.integer() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), topicFilters, (changes, filter) => {
        const tree = new NameTree<number>();
        const model = new Map<string, number>();
        for (const { isSet, topic, value } of changes) {
          if (isSet) {
            tree.set(topic, value);
            model.set(topic, value);
          } else {
            expect(tree.delete(topic)).toBe(model.delete(topic));
          }
          expect(tree.size).toBe(model.size);
        }
        expect(new Map(tree.entries())).toEqual(model);
        for (const { topic } of changes) expect(tree.get(topic)).toBe(model.get(topic));
        const expected = [...model].filter(([topic]) => matchesPlainly(filter, topic));
        expect([...tree.matching(filter)].sort()).toEqual(expected.sort());
      }),
      { numRuns: 400 },
    );
  });
});
