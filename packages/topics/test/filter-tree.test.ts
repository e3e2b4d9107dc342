import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FilterTree, matchesFilter } from '../src/index.ts';
import { topicFilters, topicNames } from './arbitraries.ts';
import { matchesPlainly } from './reference.ts';

function treeOf(...filters: string[]): FilterTree<string> {
  const tree = new FilterTree<string>();
  for (const filter of filters) tree.set(filter, `value of ${filter}`);
  return tree;
}

function matchedFilters(tree: FilterTree<string>, topic: string): string[] {
  const filters: string[] = [];
  tree.match(topic, (value, filter) => {
    expect(value).toBe(`value of ${filter}`);
    filters.push(filter);
  });
  return filters.sort();
}

describe('the tree of filters', () => {
  test('finds the values of all filters that match a topic, exact and wild', () => {
    const tree = treeOf('a/b', 'a/+', 'a/#', '+/b', '#', '+/+', 'a/b/#', 'a/b/+', 'a', 'b/#', '+');
    expect(matchedFilters(tree, 'a/b')).toEqual(['#', '+/+', '+/b', 'a/#', 'a/+', 'a/b', 'a/b/#']);
    expect(matchedFilters(tree, 'a')).toEqual(['#', '+', 'a', 'a/#']);
    expect(matchedFilters(tree, 'c/c/c')).toEqual(['#']);
  });

  test('collects the same values behind those already there', () => {
    const tree = treeOf('a/b', 'a/+', 'b');
    const into = ['first'];
    tree.collect('a/b', into);
    expect(into[0]).toBe('first');
    expect(into.slice(1).sort()).toEqual(['value of a/+', 'value of a/b']);
  });

  test('gives the value that a filter has, or gives it the one that is made', () => {
    const tree = treeOf('a/+', 'a/b');
    const never = (): string => {
      throw new Error('it has one');
    };
    expect(tree.getOrAdd('a/+', never)).toBe('value of a/+');
    expect(tree.getOrAdd('a/b', never)).toBe('value of a/b');
    const { generation } = tree;
    expect(tree.getOrAdd('a/#', (filter) => `value of ${filter}`)).toBe('value of a/#');
    expect(tree.getOrAdd('a', (filter) => `value of ${filter}`)).toBe('value of a');
    expect(tree.generation).toBe(generation + 2);
    expect(matchedFilters(tree, 'a')).toEqual(['a', 'a/#']);
  });

  test('finds filters that were added one after the other, others being removed in between', () => {
    const steps = fc.array(fc.tuple(topicFilters, fc.boolean()), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (given) => {
        const tree = new FilterTree<string>();
        const there = new Set<string>();
        for (const [filter, isRemoved] of given) {
          tree.getOrAdd(filter, () => filter);
          there.add(filter);
          if (!isRemoved) continue;
          const [first = filter] = there;
          tree.delete(first);
          there.delete(first);
        }
        expect(new Set([...tree.entries()].map(([filter]) => filter))).toEqual(there);
        for (const filter of there) expect(tree.get(filter)).toBe(filter);
      }),
    );
  });

  test('[MQTT-4.7.1-1] takes # for the parent level too', () => {
    const tree = treeOf('sport/#', 'sport/+/#', '/#', '#');
    expect(matchedFilters(tree, 'sport')).toEqual(['#', 'sport/#']);
    expect(matchedFilters(tree, 'sport/')).toEqual(['#', 'sport/#', 'sport/+/#']);
    expect(matchedFilters(tree, '/')).toEqual(['#', '/#']);
  });

  test('[MQTT-4.7.1-2] takes + for one level, the empty one included', () => {
    const tree = treeOf('+/+', '/+', '+', 'a/+', 'a/+/+');
    expect(matchedFilters(tree, '/finance')).toEqual(['+/+', '/+']);
    expect(matchedFilters(tree, 'a/')).toEqual(['+/+', 'a/+']);
    expect(matchedFilters(tree, 'a//')).toEqual(['a/+/+']);
  });

  test('[MQTT-4.7.2-1] gives no filter beginning with a wildcard for a topic beginning with $', () => {
    const tree = treeOf('#', '+', '+/#', '+/uptime', '+/+', '$SYS/#', '$SYS/+', '$SYS/uptime', '$SYS');
    expect(matchedFilters(tree, '$SYS/uptime')).toEqual(['$SYS/#', '$SYS/+', '$SYS/uptime']);
    expect(matchedFilters(tree, '$SYS')).toEqual(['$SYS', '$SYS/#']);
    expect(matchedFilters(tree, 'a/$SYS')).toEqual(['#', '+/#', '+/+']);
  });

  test('[MQTT-4.7.3-4] tells apart what only looks alike', () => {
    const tree = treeOf('é', 'e\u0301', 'é/+', 'e\u0301/+', 'A/+', 'a/+');
    expect(matchedFilters(tree, 'é')).toEqual(['é']);
    expect(matchedFilters(tree, 'e\u0301/x')).toEqual(['e\u0301/+']);
    expect(matchedFilters(tree, 'a/x')).toEqual(['a/+']);
  });

  test('[MQTT-3.10.4-1] looks up and removes by the exact text, wildcards not expanded', () => {
    const tree = treeOf('a/#', 'a/b', 'a/+');
    expect(tree.get('a/#')).toBe('value of a/#');
    expect(tree.get('a/c')).toBeUndefined();
    expect(tree.get('#')).toBeUndefined();
    expect(tree.delete('#')).toBe(false);
    expect(tree.delete('a/#')).toBe(true);
    expect(tree.delete('a/#')).toBe(false);
    expect(matchedFilters(tree, 'a/b')).toEqual(['a/+', 'a/b']);
  });

  test('[MQTT-3.8.4-3] puts a new value in place of the old one for the same filter', () => {
    const tree = new FilterTree<number>();
    for (const filter of ['a', 'a/+', 'a/#']) {
      tree.set(filter, 1);
      tree.set(filter, 2);
      expect(tree.get(filter)).toBe(2);
    }
    expect(tree.size).toBe(3);
    const found: number[] = [];
    tree.collect('a/b', found);
    expect(found).toEqual([2, 2]);
  });

  test('takes null, false, 0 and the empty string for values', () => {
    const tree = new FilterTree<null | false | 0 | ''>();
    tree.set('a', null);
    tree.set('+', false);
    tree.set('#', 0);
    tree.set('+/#', '');
    const found: (null | false | 0 | '')[] = [];
    tree.collect('a', found);
    expect(new Set(found)).toEqual(new Set([null, false, 0, '']));
  });

  test('raises its generation at every change, and only then', () => {
    const tree = new FilterTree<number>();
    const generations = [tree.generation];
    tree.set('a', 1);
    generations.push(tree.generation);
    tree.set('a', 2);
    generations.push(tree.generation);
    tree.set('a/+', 1);
    generations.push(tree.generation);
    tree.delete('a/+');
    generations.push(tree.generation);
    tree.delete('a');
    generations.push(tree.generation);
    expect(generations).toEqual([...new Set(generations)].sort((a, b) => a - b));

    const settled = tree.generation;
    tree.delete('a');
    tree.delete('a/+');
    tree.get('a');
    tree.match('a', () => {});
    expect(tree.generation).toBe(settled);
  });

  test('visits what matched when it was asked, even if the visitor changes the tree', () => {
    const tree = treeOf('a', '+', '#', 'a/#');
    const visited: string[] = [];
    tree.match('a', (_, filter) => {
      visited.push(filter);
      for (const other of ['a', '+', '#', 'a/#']) tree.delete(other);
      tree.set('+/#', 'value of +/#');
    });
    expect(visited.sort()).toEqual(['#', '+', 'a', 'a/#']);
    expect(matchedFilters(tree, 'a')).toEqual(['+/#']);
  });

  test('may be asked again from within a visit', () => {
    const tree = treeOf('a/+', '#', 'b/+');
    const visited: string[] = [];
    tree.match('a/x', (_, filter) => {
      visited.push(`${filter}: ${matchedFilters(tree, 'b/x').join(' ')}`);
    });
    expect(visited.sort()).toEqual(['#: # b/+', 'a/+: # b/+']);
  });

  test('lists all its filters with their values', () => {
    const filters = ['#', '$SYS/#', '$SYS/+', '+/+/b', 'a', 'a/#', 'a/+', 'a/b/#'];
    const tree = treeOf(...filters);
    expect([...tree.entries()].sort()).toEqual(filters.map((filter) => [filter, `value of ${filter}`]));
  });
});

describe('the tree of filters, by random use', () => {
  test('matches what each filter by itself matches', () => {
    fc.assert(
      fc.property(fc.uniqueArray(topicFilters, { maxLength: 30 }), topicNames, (filters, topic) => {
        const tree = treeOf(...filters);
        const expected = filters.filter((filter) => matchesPlainly(filter, topic)).sort();
        expect(matchedFilters(tree, topic)).toEqual(expected);
        expect(filters.filter((filter) => matchesFilter(filter, topic)).sort()).toEqual(expected);
      }),
      { numRuns: 600 },
    );
  });

  test('is after any changes what a plain list of filters is', () => {
    const change = fc.record({ isSet: fc.boolean(), filter: topicFilters, value: fc.integer() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), topicNames, (changes, topic) => {
        const tree = new FilterTree<number>();
        const model = new Map<string, number>();
        for (const { isSet, filter, value } of changes) {
          if (isSet) {
            tree.set(filter, value);
            model.set(filter, value);
          } else {
            expect(tree.delete(filter)).toBe(model.delete(filter));
          }
          expect(tree.size).toBe(model.size);
        }
        expect(new Map(tree.entries())).toEqual(model);
        for (const { filter } of changes) expect(tree.get(filter)).toBe(model.get(filter));

        const found = new Map<string, number>();
        tree.match(topic, (value, filter) => found.set(filter, value));
        expect(found).toEqual(new Map([...model].filter(([filter]) => matchesPlainly(filter, topic))));
      }),
      { numRuns: 400 },
    );
  });
});
