import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesFilter } from '../src/index.ts';
import { topicFilters, topicNames } from './arbitraries.ts';
import { matchesPlainly } from './reference.ts';

describe('a filter', () => {
  test.each([
    ['a', 'a'],
    ['a/b', 'a/b'],
    ['/', '/'],
    ['sport/tennis/player1/#', 'sport/tennis/player1'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking'],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon'],
    ['sport/#', 'sport'],
    ['sport/#', 'sport/'],
    ['#', 'a/b/c'],
    ['#', '/'],
    ['/#', '/'],
    ['/#', '/a'],
    ['sport/tennis/+', 'sport/tennis/player1'],
    ['sport/+', 'sport/'],
    ['+', 'finance'],
    ['+/+', '/finance'],
    ['/+', '/finance'],
    ['+/#', 'a'],
    ['+/b/#', 'a/b'],
    ['+/+/#', '/'],
  ])('%j matches %j', (filter, topic) => {
    expect(matchesFilter(filter, topic)).toBe(true);
  });

  test.each([
    ['a', 'b'],
    ['a', 'a/'],
    ['a', '/a'],
    ['a/b', 'a'],
    ['a', 'a/b'],
    ['ab', 'a'],
    ['a', 'ab'],
    ['sport/tennis/+', 'sport/tennis/player1/ranking'],
    ['sport/+', 'sport'],
    ['+', '/finance'],
    ['+', 'a/b'],
    ['/+', 'finance'],
    ['/#', 'a'],
    ['a/#', 'ab'],
    ['a/#', 'b/a'],
    ['+/+/#', 'a'],
    ['a/b/#', 'a'],
  ])('%j does not match %j', (filter, topic) => {
    expect(matchesFilter(filter, topic)).toBe(false);
  });

  test.each(['#', '+', '+/#', '+/uptime', '+/+'])(
    '[MQTT-4.7.2-1] that begins with a wildcard matches no topic beginning with $: %j',
    (filter) => {
      expect(matchesFilter(filter, '$SYS')).toBe(false);
      expect(matchesFilter(filter, '$SYS/uptime')).toBe(false);
    },
  );

  test('[MQTT-4.7.2-1] that names the $ level matches, with wildcards at later levels', () => {
    expect(matchesFilter('$SYS/#', '$SYS/uptime')).toBe(true);
    expect(matchesFilter('$SYS/+', '$SYS/$uptime')).toBe(true);
    expect(matchesFilter('$SYS/#', '$SYS')).toBe(true);
    expect(matchesFilter('+/$x', 'a/$x')).toBe(true);
    expect(matchesFilter('a/#', 'a/$x')).toBe(true);
  });

  test('[MQTT-4.7.3-4] matches the characters as sent: no case folding, no normalisation', () => {
    expect(matchesFilter('ACCOUNTS', 'Accounts')).toBe(false);
    expect(matchesFilter('é', 'e\u0301')).toBe(false);
    expect(matchesFilter('ﬀ', 'ff')).toBe(false);
    expect(matchesFilter('a ', 'a')).toBe(false);
    expect(matchesFilter('%61', 'a')).toBe(false);
    expect(matchesFilter('\ufeffa', 'a')).toBe(false);
    expect(matchesFilter('😀/+', '😀/é')).toBe(true);
  });

  test('[MQTT-4.7.1-1] [MQTT-4.7.1-2] matches what its levels say, whatever they are', () => {
    fc.assert(
      fc.property(topicFilters, topicNames, (filter, topic) => {
        expect(matchesFilter(filter, topic)).toBe(matchesPlainly(filter, topic));
      }),
      { numRuns: 3000 },
    );
  });

  test('made of a topic by putting wildcards in place of levels matches it, but for $', () => {
    fc.assert(
      fc.property(topicNames, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (topic, isWild) => {
        const filter = topic
          .split('/')
          .map((level, index) => (isWild[index] ? '+' : level))
          .join('/');
        expect(matchesFilter(filter, topic)).toBe(!(topic.startsWith('$') && isWild[0]));
      }),
    );
  });
});
