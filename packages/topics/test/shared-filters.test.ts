import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findTopicFilterFault, parseSharedFilter } from '../src/index.ts';
import { topicFilters } from './arbitraries.ts';

describe('a shared filter', () => {
  test.each([
    ['$share/g/t', 'g', 't'],
    ['$share/g//t', 'g', '/t'],
    ['$share/g//', 'g', '/'],
    ['$share/g/#', 'g', '#'],
    ['$share/g/+/t', 'g', '+/t'],
    ['$share/$share/t', '$share', 't'],
    ['$share/g/$share/h/t', 'g', '$share/h/t'],
    ['$share/g r ü p/t', 'g r ü p', 't'],
  ])('[MQTT-4.8.2-2] %j is valid and taken apart at the second slash', (filter, shareName, rest) => {
    expect(findTopicFilterFault(filter)).toBeUndefined();
    expect(parseSharedFilter(filter)).toEqual({ shareName, filter: rest });
  });

  test.each(['$share/', '$share//t', '$share//'])('[MQTT-4.8.2-1] has a ShareName: %j', (filter) => {
    expect(findTopicFilterFault(filter)?.rule).toBe('MQTT-4.8.2-1');
    expect(parseSharedFilter(filter)).toBeUndefined();
  });

  test.each(['$share/g', '$share/g/'])('[MQTT-4.8.2-2] has a filter after its ShareName: %j', (filter) => {
    expect(findTopicFilterFault(filter)?.rule).toBe('MQTT-4.8.2-2');
    expect(parseSharedFilter(filter)).toBeUndefined();
  });

  test.each(['$share/a+/t', '$share/+/t', '$share/#/t', '$share/#', '$share/a#b/t'])(
    '[MQTT-4.8.2-2] has no wildcard in its ShareName: %j',
    (filter) => {
      expect(findTopicFilterFault(filter)?.rule).toBe('MQTT-4.8.2-2');
    },
  );

  test.each([
    ['$share/g/a+', 'MQTT-4.7.1-2'],
    ['$share/g/#/a', 'MQTT-4.7.1-1'],
    ['$share/g\0/a', 'MQTT-4.7.3-2'],
    ['$share/\ud800/a', 'MQTT-1.5.4-1'],
    [`$share/g/${'a'.repeat(65_527)}`, 'MQTT-4.7.3-3'],
  ])('is held to the rules of every filter in all its parts', (filter, rule) => {
    expect(findTopicFilterFault(filter)?.rule).toBe(rule);
  });

  test.each(['$share', '$shared/g/t', '$SHARE/g/t', 'share/g/t', '/$share/g/t', '$SYS/#', 'a'])(
    'is not what %j is',
    (filter) => {
      expect(findTopicFilterFault(filter)).toBeUndefined();
      expect(parseSharedFilter(filter)).toBeUndefined();
    },
  );

  test('has only the levels after its ShareName counted', () => {
    const limits = { maximumBytes: 100, maximumLevels: 2 };
    expect(findTopicFilterFault('$share/g/a/b', limits)).toBeUndefined();
    expect(findTopicFilterFault('$share/g/a/b/c', limits)?.rule).toBe('maximumLevels');
  });

  test('of a valid name and a valid filter is valid and gives both back', () => {
    fc.assert(
      fc.property(fc.constantFrom('g', '$', 'é', 'a b'), topicFilters, (shareName, filter) => {
        const shared = `$share/${shareName}/${filter}`;
        expect(findTopicFilterFault(shared)).toBeUndefined();
        expect(parseSharedFilter(shared)).toEqual({ shareName, filter });
      }),
    );
  });
});
