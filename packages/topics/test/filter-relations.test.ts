import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filterCovers, filtersOverlap } from '../src/index.ts';
import { listTopics, matchesPlainly } from './reference.ts';

/** Every kind of level: named in the filters below or not, with and without `$`, and empty. */
const everyTopic = listTopics(['', 'a', '$a', 'other', '$other'], 4);

/** Up to three levels: one more in a topic is then as good as many more. */
const shortFilters = fc
  .tuple(fc.array(fc.constantFrom('', 'a', '$a', '+', '+'), { maxLength: 3 }), fc.boolean())
  .map(([levels, isOpenEnded]) => (isOpenEnded ? [...levels.slice(0, 2), '#'] : levels).join('/'))
  .filter((filter) => filter !== '');

describe('a filter covers another', () => {
  test.each([
    ['#', 'a'],
    ['#', '+/b/#'],
    ['a/#', 'a'],
    ['a/#', 'a/#'],
    ['a/#', 'a/+/#'],
    ['a/+', 'a/b'],
    ['a/+', 'a/+'],
    ['+/#', '#'],
    ['#', '+/#'],
    ['/+/#', '/#'],
    ['$SYS/#', '$SYS/+/x'],
  ])('%j covers %j', (wider, narrower) => {
    expect(filterCovers(wider, narrower)).toBe(true);
  });

  test.each([
    ['a', '+'],
    ['a/+', 'a/#'],
    ['a/+/#', 'a/#'],
    ['+/+/#', '#'],
    ['+', 'a/b'],
    ['a/b', 'a/b/c'],
    ['a/b/#', 'a/#'],
    ['a/b/#', 'a'],
  ])('%j does not cover %j', (wider, narrower) => {
    expect(filterCovers(wider, narrower)).toBe(false);
  });

  test('[MQTT-4.7.2-1] but a leading wildcard covers no filter for topics beginning with $', () => {
    expect(filterCovers('#', '$SYS/#')).toBe(false);
    expect(filterCovers('+', '$SYS')).toBe(false);
    expect(filterCovers('+/+', '$SYS/+')).toBe(false);
  });

  test('exactly when it matches every topic that the other matches', () => {
    fc.assert(
      fc.property(shortFilters, shortFilters, (wider, narrower) => {
        const isSubset = everyTopic.every(
          (topic) => !matchesPlainly(narrower, topic) || matchesPlainly(wider, topic),
        );
        expect(filterCovers(wider, narrower)).toBe(isSubset);
      }),
      { numRuns: 1500 },
    );
  });
});

describe('two filters overlap', () => {
  test.each([
    ['a', 'a'],
    ['#', 'a/b'],
    ['a/+', '+/b'],
    ['a/#', 'a'],
    ['a/#', '+'],
    ['a/+/c', 'a/b/#'],
    ['+/#', '#'],
  ])('%j and %j', (a, b) => {
    expect(filtersOverlap(a, b)).toBe(true);
    expect(filtersOverlap(b, a)).toBe(true);
  });

  test.each([
    ['a', 'b'],
    ['a', 'a/b'],
    ['a/+', 'b/+'],
    ['a/b/#', 'a'],
    ['+', '$SYS'],
    ['#', '$SYS/#'],
    ['/#', '+'],
  ])('but not %j and %j', (a, b) => {
    expect(filtersOverlap(a, b)).toBe(false);
    expect(filtersOverlap(b, a)).toBe(false);
  });

  test('exactly when there is a topic that both match', () => {
    fc.assert(
      fc.property(shortFilters, shortFilters, (a, b) => {
        const haveCommonTopic = everyTopic.some(
          (topic) => matchesPlainly(a, topic) && matchesPlainly(b, topic),
        );
        expect(filtersOverlap(a, b)).toBe(haveCommonTopic);
      }),
      { numRuns: 1500 },
    );
  });
});
