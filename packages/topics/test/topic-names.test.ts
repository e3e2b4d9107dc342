import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultTopicLimits, findTopicNameFault, isSystemTopic } from '../src/index.ts';
import { topicNames } from './arbitraries.ts';

describe('a topic name', () => {
  test.each([
    'a',
    '/',
    '//',
    '/a',
    'a/',
    'a//b',
    ' ',
    '$SYS/uptime',
    '$share/group/a',
    'sport/tennis',
    '😀/é',
  ])('%j is valid', (topic) => {
    expect(findTopicNameFault(topic)).toBeUndefined();
  });

  test('[MQTT-4.7.3-1] is not empty', () => {
    expect(findTopicNameFault('')?.rule).toBe('MQTT-4.7.3-1');
  });

  test.each(['\0', 'a\0', 'a/\0/b'])('[MQTT-4.7.3-2] has no U+0000: %j', (topic) => {
    expect(findTopicNameFault(topic)?.rule).toBe('MQTT-4.7.3-2');
  });

  test.each(['\u0001', '\u001f', '\u007f', '\ufffe', '\uffff', '\u{10ffff}'])(
    'may have control and non-characters, which the standard only advises against: %j',
    (topic) => {
      expect(findTopicNameFault(topic)).toBeUndefined();
    },
  );

  test('[MQTT-1.5.4-3] may have U+FEFF, and counts it as three bytes', () => {
    expect(findTopicNameFault('\ufeffa', { maximumBytes: 4, maximumLevels: 1 })).toBeUndefined();
    expect(findTopicNameFault('\ufeffa', { maximumBytes: 3, maximumLevels: 1 })?.rule).toBe('maximumBytes');
  });

  test.each(['\ud83d', 'a\ud83d/b', '\ude00', '\ude00\ud83d', '\ud83d\ud83d\ude00', '\ud83d\ude00\ude00'])(
    '[MQTT-1.5.4-1] has no half of a surrogate pair: %j',
    (topic) => {
      expect(findTopicNameFault(topic)?.rule).toBe('MQTT-1.5.4-1');
    },
  );

  test.each(['+', '#', 'a/+', 'a/#', 'a+', '#a', '+/a'])(
    '[MQTT-4.7.0-1] [MQTT-3.3.2-2] has no wildcard, not even inside a level: %j',
    (topic) => {
      expect(findTopicNameFault(topic)?.rule).toBe('MQTT-4.7.0-1');
    },
  );

  test('[MQTT-4.7.3-3] takes 65,535 bytes of UTF-8 at most', () => {
    expect(findTopicNameFault('a'.repeat(65_535))).toBeUndefined();
    expect(findTopicNameFault('a'.repeat(65_536))?.rule).toBe('MQTT-4.7.3-3');
    expect(findTopicNameFault('é'.repeat(32_767))).toBeUndefined();
    expect(findTopicNameFault('é'.repeat(32_768))?.rule).toBe('MQTT-4.7.3-3');
    expect(findTopicNameFault('€'.repeat(21_845))).toBeUndefined();
    expect(findTopicNameFault(`${'€'.repeat(21_845)}a`)?.rule).toBe('MQTT-4.7.3-3');
    expect(findTopicNameFault(`${'😀'.repeat(16_383)}abc`)).toBeUndefined();
    expect(findTopicNameFault('😀'.repeat(16_384))?.rule).toBe('MQTT-4.7.3-3');
  });

  test('[MQTT-4.7.3-3] cannot be larger even where the limit is', () => {
    const limits = { maximumBytes: 1_000_000, maximumLevels: 1 };
    expect(findTopicNameFault('a'.repeat(65_536), limits)?.rule).toBe('MQTT-4.7.3-3');
    expect(findTopicNameFault('é'.repeat(40_000), limits)?.message).toContain('at most 65535');
  });

  test('keeps to the configured number of bytes, counted as UTF-8', () => {
    const limits = { maximumBytes: 4, maximumLevels: 128 };
    expect(findTopicNameFault('abcd', limits)).toBeUndefined();
    expect(findTopicNameFault('abcde', limits)?.rule).toBe('maximumBytes');
    expect(findTopicNameFault('😀', limits)).toBeUndefined();
    expect(findTopicNameFault('a😀', limits)?.rule).toBe('maximumBytes');
  });

  test('keeps to the configured number of levels, empty ones counted', () => {
    const limits = { maximumBytes: 100, maximumLevels: 3 };
    expect(findTopicNameFault('a/b/c', limits)).toBeUndefined();
    expect(findTopicNameFault('//', limits)).toBeUndefined();
    expect(findTopicNameFault('///', limits)?.rule).toBe('maximumLevels');
    expect(findTopicNameFault('/'.repeat(127))).toBeUndefined();
    expect(findTopicNameFault('/'.repeat(128))?.rule).toBe('maximumLevels');
    expect(defaultTopicLimits).toEqual({ maximumBytes: 65_535, maximumLevels: 128 });
  });

  test('that is faulty is told where, by character and level, and what would be right', () => {
    expect(findTopicNameFault('site/+/temperature')?.message).toBe(
      'The topic name has the wildcard "+" at character 6 (level 2); wildcards belong in filters only.',
    );
  });

  test('is never repeated in the message, so that a hostile one cannot flood a log', () => {
    expect(findTopicNameFault('x'.repeat(70_000))?.message.length).toBeLessThan(200);
    expect(findTopicNameFault(`${'x'.repeat(60_000)}#`)?.message.length).toBeLessThan(200);
  });

  test('made of valid levels is valid, and its size is that of its UTF-8', () => {
    fc.assert(
      fc.property(topicNames, (topic) => {
        const bytes = new TextEncoder().encode(topic).length;
        expect(findTopicNameFault(topic, { maximumBytes: bytes, maximumLevels: 5 })).toBeUndefined();
        expect(findTopicNameFault(topic, { maximumBytes: bytes - 1, maximumLevels: 5 })?.rule).toBe(
          'maximumBytes',
        );
      }),
    );
  });

  test('of any text is refused exactly for what makes it no valid topic', () => {
    const units = fc.constantFrom('a', '/', '+', '#', '\0', '\ud83d', '\ude00', 'é');
    fc.assert(
      fc.property(fc.array(units, { maxLength: 6 }), (parts) => {
        const text = parts.join('');
        const isValid = text !== '' && !/\p{Surrogate}/u.test(text) && !/[+#\0]/.test(text);
        expect(findTopicNameFault(text) === undefined).toBe(isValid);
      }),
      { numRuns: 1000 },
    );
  });

  test('is a system topic when it begins with $', () => {
    expect(isSystemTopic('$SYS/uptime')).toBe(true);
    expect(isSystemTopic('$')).toBe(true);
    expect(isSystemTopic('/$SYS')).toBe(false);
    expect(isSystemTopic('a/$SYS')).toBe(false);
    expect(isSystemTopic('')).toBe(false);
  });
});
