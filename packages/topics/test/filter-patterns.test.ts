import { describe, expect, expectTypeOf, test } from 'vitest';
import { parseFilterPattern, TopicPatternError } from '../src/index.ts';

describe('a filter pattern', () => {
  test('gives the filter to subscribe to, and the named levels of a topic', () => {
    const pattern = parseFilterPattern('devices/{id}/sensors/{sensor}');
    expect(pattern.filter).toBe('devices/+/sensors/+');
    expect({ ...pattern.parametersOf('devices/42/sensors/temperature') }).toEqual({
      id: '42',
      sensor: 'temperature',
    });
  });

  test('gives the remaining levels to a last name with dots', () => {
    const pattern = parseFilterPattern('files/{owner}/{path...}');
    expect(pattern.filter).toBe('files/+/#');
    expect({ ...pattern.parametersOf('files/ann/a/b//c') }).toEqual({ owner: 'ann', path: 'a/b//c' });
    expect({ ...pattern.parametersOf('files/ann') }).toEqual({ owner: 'ann', path: '' });
  });

  test('numbers its unnamed + and calls its unnamed # by its sign', () => {
    const pattern = parseFilterPattern('+/{id}/+/#');
    expect(pattern.filter).toBe('+/+/+/#');
    expect({ ...pattern.parametersOf('a/b/c/d/e') }).toEqual({ '0': 'a', id: 'b', '1': 'c', '#': 'd/e' });
  });

  test('may be without wildcards, and then has no parameters', () => {
    const pattern = parseFilterPattern('a/b');
    expect(pattern.filter).toBe('a/b');
    expect(Object.keys(pattern.parametersOf('a/b'))).toEqual([]);
  });

  test('keeps empty levels empty', () => {
    expect({ ...parseFilterPattern('/{id}/').parametersOf('//') }).toEqual({ id: '' });
  });

  test('[MQTT-4.8.2-2] may be shared: the ShareName is no level of the topic', () => {
    const pattern = parseFilterPattern('$share/workers/jobs/{id}');
    expect(pattern.filter).toBe('$share/workers/jobs/+');
    expect({ ...pattern.parametersOf('jobs/7') }).toEqual({ id: '7' });
  });

  test('that is known to the compiler gives parameters known to the compiler', () => {
    const known = parseFilterPattern('+/{id}/{rest...}').parametersOf('a/b/c');
    expectTypeOf(known).toEqualTypeOf<{ readonly '0': string; readonly id: string; readonly rest: string }>();
    expect(known.id).toBe('b');

    const text: string = 'a/{id}';
    const unknown = parseFilterPattern(text).parametersOf('a/b');
    expectTypeOf(unknown).toEqualTypeOf<Readonly<Record<string, string>>>();
    expectTypeOf(known).toExtend<Readonly<Record<string, string>>>();
  });

  test.each(['{id}/{id}', 'a/{x}/{x...}'])('with a name twice is refused: %j', (pattern) => {
    expect(() => parseFilterPattern(pattern)).toThrow(/stands twice/);
  });

  test.each(['{}', '{...}', '{1}', '{a b}', 'device-{id}', '{id}.json', '{a}{b}', '{a.b}', '{#}', '{+}'])(
    'with a parameter that is none is refused, and told what one is: %j',
    (pattern) => {
      expect(() => parseFilterPattern(pattern)).toThrow(/a whole level such as \{id\}/);
    },
  );

  test.each(['{rest...}/a', 'a/#/b', 'a+', '', 'a/\0', '$share/g'])(
    'whose filter has a fault is refused: %j',
    (pattern) => {
      expect(() => parseFilterPattern(pattern)).toThrow(TopicPatternError);
      expect(() => parseFilterPattern(pattern)).toThrow(
        expect.objectContaining({ code: 'TOPIC_PATTERN_INVALID' }),
      );
    },
  );

  test('keeps to the limits it is given', () => {
    expect(() => parseFilterPattern('{a}/{b}', { maximumBytes: 100, maximumLevels: 1 })).toThrow(/at most 1/);
  });

  test.each(['{', '}', '}{', 'a}b', '{a'])('may have braces that enclose nothing: %j', (pattern) => {
    expect(parseFilterPattern(pattern).filter).toBe(pattern);
  });

  test('refuses a topic that it does not match', () => {
    const pattern = parseFilterPattern('a/{id}');
    expect(() => pattern.parametersOf('b/1')).toThrow(TopicPatternError);
    expect(() => parseFilterPattern('{id}').parametersOf('$SYS')).toThrow(TopicPatternError);
  });

  test('cannot reach a prototype: parameters have none, and __proto__ is no name', () => {
    expect(() => parseFilterPattern('{__proto__}')).toThrow(TopicPatternError);
    const parameters = parseFilterPattern('{constructor}/{toString}').parametersOf('a/b');
    expect(Object.getPrototypeOf(parameters)).toBeNull();
    expect({ ...parameters }).toEqual({ constructor: 'a', toString: 'b' });
    expect(Object.getPrototypeOf(parseFilterPattern('a').parametersOf('a'))).toBeNull();
  });
});
