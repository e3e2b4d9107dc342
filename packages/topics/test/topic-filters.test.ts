import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findTopicFilterFault, hasWildcards } from '../src/index.ts';
import { topicFilters } from './arbitraries.ts';

describe('a topic filter', () => {
  test.each([
    'a',
    '/',
    '+',
    '#',
    '/+',
    '+/',
    '+/+',
    '/#',
    'a/#',
    '+/#',
    'a/+/b',
    '$SYS/#',
    '+/tennis/#',
    '//#',
  ])('%j is valid', (filter) => {
    expect(findTopicFilterFault(filter)).toBeUndefined();
  });

  test('[MQTT-4.7.3-1] is not empty', () => {
    expect(findTopicFilterFault('')?.rule).toBe('MQTT-4.7.3-1');
  });

  test('[MQTT-4.7.3-2] has no U+0000', () => {
    expect(findTopicFilterFault('a/\0/#')?.rule).toBe('MQTT-4.7.3-2');
  });

  test('[MQTT-1.5.4-1] has no half of a surrogate pair', () => {
    expect(findTopicFilterFault('a/\ud800/#')?.rule).toBe('MQTT-1.5.4-1');
  });

  test('[MQTT-4.7.3-3] takes 65,535 bytes of UTF-8 at most', () => {
    expect(findTopicFilterFault(`${'a'.repeat(65_533)}/#`)).toBeUndefined();
    expect(findTopicFilterFault(`${'a'.repeat(65_534)}/#`)?.rule).toBe('MQTT-4.7.3-3');
  });

  test.each(['a#', '#a', 'a/b#', '#/a', '#/', '##', 'a/#/b', '/#/', '+#'])(
    '[MQTT-4.7.1-1] has # only as its whole last level: %j',
    (filter) => {
      expect(findTopicFilterFault(filter)?.rule).toMatch(/^MQTT-4\.7\.1-[12]$/);
      expect(findTopicFilterFault(filter.replaceAll('+', '-'))?.rule).toBe('MQTT-4.7.1-1');
    },
  );

  test.each(['a+', '+a', 'a/b+', 'a/+b/c', '++', '+#', 'sport+'])(
    '[MQTT-4.7.1-2] has + only as a whole level: %j',
    (filter) => {
      expect(findTopicFilterFault(filter)?.rule).toBe('MQTT-4.7.1-2');
    },
  );

  test('that is faulty is told where, by character and level, and what would be right', () => {
    expect(findTopicFilterFault('a/b+/c')?.message).toBe(
      '"+" at character 4 (level 2) shares its level with other characters; it must stand alone between slashes, as in "a/+/b".',
    );
    expect(findTopicFilterFault('a/#/c')?.message).toBe(
      '"#" at character 3 (level 2) must be the whole last level of the filter, as in "a/b/#".',
    );
  });

  test('keeps to the configured number of levels', () => {
    const limits = { maximumBytes: 100, maximumLevels: 2 };
    expect(findTopicFilterFault('+/#', limits)).toBeUndefined();
    expect(findTopicFilterFault('+/+/#', limits)?.rule).toBe('maximumLevels');
  });

  test('made of valid levels is valid', () => {
    fc.assert(fc.property(topicFilters, (filter) => findTopicFilterFault(filter) === undefined));
  });

  test('of any text is valid exactly when its wildcards are whole levels and # the last', () => {
    const units = fc.constantFrom('a', '/', '+', '#', '$share');
    fc.assert(
      fc.property(fc.array(units, { minLength: 1, maxLength: 7 }), (parts) => {
        const text = parts.join('');
        fc.pre(!text.startsWith('$share/'));
        const levels = text.split('/');
        const isValid = levels.every(
          (level, index) =>
            level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level),
        );
        expect(findTopicFilterFault(text) === undefined).toBe(isValid);
      }),
      { numRuns: 1000 },
    );
  });

  test('has wildcards or not', () => {
    expect(hasWildcards('a/b')).toBe(false);
    expect(hasWildcards('a/+')).toBe(true);
    expect(hasWildcards('#')).toBe(true);
  });
});
