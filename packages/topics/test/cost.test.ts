import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  FilterTree,
  filterCovers,
  filtersOverlap,
  findTopicFilterFault,
  findTopicNameFault,
  matchesFilter,
  NameTree,
} from '../src/index.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** How many lookups of a level the work needs: each is one node met, or one not found. */
function countLookups(work: () => void): number {
  const lookups = vi.spyOn(Map.prototype, 'get');
  work();
  const count = lookups.mock.calls.length;
  lookups.mockRestore();
  return count;
}

describe('the cost of a match', () => {
  test('does not grow with the filters that have nothing to do with the topic', () => {
    const countWith = (unrelated: number): number => {
      const tree = new FilterTree<number>();
      for (let index = 0; index < unrelated; index++) {
        tree.set(`devices/${index}/+`, index);
        tree.set(`devices/${index}/state`, index);
        tree.set(`groups/${index}/#`, index);
      }
      return countLookups(() => tree.collect('devices/5/state', []));
    };
    expect(countWith(10_000)).toBe(countWith(10));
  });

  test('is bounded by the nodes there are, with + at every place of a deep filter', () => {
    // a/a/…/+/…/a for each place, in two kinds of level so that every node branches: a search that meets
    // nodes again by another way, or tries wildcard and literal to the end for each level, takes 2^100 steps.
    const depth = 100;
    const tree = new FilterTree<number>();
    const topic = Array.from({ length: depth }, () => 'a').join('/');
    for (let place = 0; place < depth; place++) {
      for (const last of ['a', 'b']) {
        const levels = Array.from({ length: depth }, () => 'a').with(place, '+');
        if (place < depth - 1) levels[depth - 1] = last;
        tree.set(levels.join('/'), place);
        tree.set(`${levels.slice(0, place + 1).join('/')}/b/#`, place);
      }
    }
    const found: number[] = [];
    const lookups = countLookups(() => tree.collect(topic, found));
    expect(found).toHaveLength(depth);
    expect(lookups).toBeLessThanOrEqual(depth * depth * 2);
  });

  test('is bounded by the filters there are, when all mixtures of + and literal are there', () => {
    const depth = 12;
    const tree = new FilterTree<number>();
    for (let mixture = 0; mixture < 2 ** depth; mixture++) {
      const levels = Array.from({ length: depth }, (_, level) => ((mixture >> level) & 1 ? '+' : 'a'));
      tree.set(levels.join('/'), mixture);
    }
    const found: number[] = [];
    tree.collect(Array.from({ length: depth }, () => 'a').join('/'), found);
    expect(new Set(found).size).toBe(2 ** depth);
    expect(found).toHaveLength(2 ** depth);
  });

  test('is bounded by the names there are, for a filter that is nothing but +', () => {
    const depth = 14;
    const tree = new NameTree<number>();
    for (let mixture = 0; mixture < 2 ** depth; mixture++) {
      const levels = Array.from({ length: depth }, (_, level) => ((mixture >> level) & 1 ? 'a' : 'b'));
      tree.set(levels.join('/'), mixture);
    }
    const plusses = Array.from({ length: depth }, () => '+');
    expect([...tree.matching(plusses.join('/'))]).toHaveLength(2 ** depth);
    expect([...tree.matching(`${plusses.join('/')}/#`)]).toHaveLength(2 ** depth);
    expect([...tree.matching([...plusses, '+'].join('/'))]).toHaveLength(0);

    const lookups = countLookups(() =>
      expect([...tree.matching(`${plusses.slice(1).join('/')}/a`)]).toHaveLength(2 ** (depth - 1)),
    );
    expect(lookups).toBeLessThanOrEqual(2 ** depth);
  });

  test('of a name or a filter without wildcards is one lookup, however deep', () => {
    const names = new NameTree<number>();
    const filters = new FilterTree<number>();
    const topic = Array.from({ length: 128 }, (_, level) => `level${level}`).join('/');
    names.set(topic, 1);
    names.set(`${topic}x`, 2);
    filters.set(topic, 1);
    expect(countLookups(() => names.get(topic))).toBe(1);
    expect(countLookups(() => [...names.matching(topic)])).toBe(1);
    expect(countLookups(() => filters.collect(topic, []))).toBe(1);
  });

  test('of one filter with one topic follows their length', () => {
    const levels = 30_000;
    const topic = `${'a/'.repeat(levels)}b`;
    expect(matchesFilter(`${'+/'.repeat(levels)}c`, topic)).toBe(false);
    expect(matchesFilter(`${'+/'.repeat(levels)}#`, topic)).toBe(true);
    expect(filterCovers(`${'+/'.repeat(levels)}#`, topic)).toBe(true);
    expect(filtersOverlap(`${'+/'.repeat(levels)}c`, topic)).toBe(false);
  });
});

describe('four hundred thousand nodes, 64 levels deep', () => {
  const branching = 13;
  const depth = 64;
  /** All mixtures of two levels at the first places, each going on alone to the full depth. */
  const mixtures = (one: string, other: string): string[] =>
    Array.from({ length: 2 ** branching }, (_, mixture) => {
      const levels = Array.from({ length: branching }, (_, level) => ((mixture >> level) & 1 ? one : other));
      return [...levels, ...Array.from({ length: depth - branching - 1 }, (_, at) => (at % 2 ? one : other))];
    }).map((levels) => levels.join('/'));
  const branchingNodes = 2 ** (branching + 1);

  test('cost one topic each of them once, where every mixture of + and literal fits but for its end', () => {
    const tree = new FilterTree<string>();
    const filters = mixtures('+', 'a');
    // Two of each, so that all levels are nodes and none is passed over by comparing the rest of a filter.
    for (const filter of filters) {
      tree.set(`${filter}/b`, 'b');
      tree.set(`${filter}/#`, '#');
    }
    const topic = 'a/'.repeat(depth - 1);
    const found: string[] = [];
    const lookups = countLookups(() => tree.collect(`${topic}c`, found));
    expect(found).toEqual(filters.map(() => '#'));
    expect(lookups).toBeLessThanOrEqual(branchingNodes);
    found.length = 0;
    tree.collect(`x/${topic}`, found);
    expect(found).toHaveLength(2 ** (branching - 1));
  });

  test('cost one filter each of them once, where every name fits it but for its end', () => {
    const names = new NameTree<number>();
    for (const [index, name] of mixtures('a', 'b').entries()) names.set(`${name}/end`, index);
    const plusses = '+/'.repeat(depth - 1);
    const lookups = countLookups(() => {
      expect([...names.matching(`${plusses}other`)]).toHaveLength(0);
      expect([...names.matching(`${plusses}end/+`)]).toHaveLength(0);
    });
    expect(lookups).toBeLessThanOrEqual(2 * branchingNodes);
    expect([...names.matching(`${plusses}#`)]).toHaveLength(2 ** branching);
    expect([...names.matching(`${'+/a/'.repeat(6)}#`)]).toHaveLength(2 ** (branching - 6));
  });
});

describe('the deepest topic that fits into a packet', () => {
  const limits = { maximumBytes: 65_535, maximumLevels: 65_536 };
  const topic = '/'.repeat(65_535);
  const filter = `${'+/'.repeat(32_767)}#`;

  test('is judged, stored, found and removed without a deep stack', () => {
    expect(findTopicNameFault(topic, limits)).toBeUndefined();
    expect(findTopicFilterFault(filter, limits)).toBeUndefined();

    const names = new NameTree<number>();
    names.set(topic, 1);
    names.set(`${topic.slice(1)}a`, 2);
    expect([...names.matching(filter)]).toHaveLength(2);
    expect([...names.matching('#')]).toHaveLength(2);
    expect(names.delete(topic)).toBe(true);
    expect([...names.matching(filter)].map(([, value]) => value)).toEqual([2]);

    const filters = new FilterTree<number>();
    filters.set(filter, 1);
    filters.set(`${topic.slice(1)}+`, 2);
    const found: number[] = [];
    filters.collect(topic.slice(1), found);
    expect(found.sort()).toEqual([1, 2]);
    expect([...filters.entries()]).toHaveLength(2);
    expect(filters.delete(filter)).toBe(true);
    expect(filters.size).toBe(1);
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');

  function bytesKeptBy<T>(make: () => T): { bytes: number; made: T } {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const made = make();
    collectGarbage();
    return { bytes: process.memoryUsage().heapUsed - before, made };
  }

  test('of an exact filter is its text and little more than a Map entry', () => {
    const count = 100_000;
    const { bytes, made } = bytesKeptBy(() => {
      const tree = new FilterTree<number>();
      for (let index = 0; index < count; index++) tree.set(`devices/${index}/state`, index);
      return tree;
    });
    expect(made.size).toBe(count);
    expect(bytes / count).toBeLessThan(120);
  });

  test('of filters and names is given back when they are removed', () => {
    const filters = new FilterTree<number>();
    const names = new NameTree<number>();
    filters.set('a/+', 1);
    names.set('a/b', 1);
    const { bytes } = bytesKeptBy(() => {
      for (let index = 0; index < 50_000; index++) {
        filters.set(`a/${index}/+/x/#`, index);
        filters.set(`+/b/${index}/+`, index);
        names.set(`a/b/${index}/x`, index);
        names.set(`a/${index}`, index);
        // Nodes that had several children go as well.
        for (const last of ['x', 'y']) names.set(`c/${index}/${last}`, index);
      }
      for (let index = 0; index < 50_000; index++) {
        filters.delete(`a/${index}/+/x/#`);
        filters.delete(`+/b/${index}/+`);
        names.delete(`a/b/${index}/x`);
        names.delete(`a/${index}`);
        for (const last of ['x', 'y']) names.delete(`c/${index}/${last}`);
      }
    });
    expect([filters.size, names.size]).toEqual([1, 1]);
    expect(bytes).toBeLessThan(2_000_000);
  });
});
