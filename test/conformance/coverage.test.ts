import { expect, test } from 'vitest';
import { mqtt5, mqtt311, namedTests, tagsOf, untestable } from './statements.ts';

const known = new Set([...mqtt5, ...mqtt311].map(({ tag }) => tag));
const shown = new Set(namedTests.flatMap(({ tags }) => tags));

test('the rules of a test are read from its name', () => {
  const name = '[MQTT-3.1.2-4] [v3:MQTT-3.1.2-6, §4.1] Clean Start [1] throws the session away';
  expect(tagsOf(name)).toEqual(['MQTT-3.1.2-4', 'v3:MQTT-3.1.2-6', '§4.1']);
});

test('the catalogues hold every statement once', () => {
  expect(mqtt5).toHaveLength(251);
  expect(mqtt311).toHaveLength(141);
  expect(known.size).toBe(251 + 141);
});

test('every statement is shown by a test, or has a reason why none can show it', () => {
  expect([...known].filter((tag) => !shown.has(tag) && !untestable.has(tag))).toEqual([]);
});

test('no statement that a test shows is called untestable', () => {
  expect([...untestable.keys()].filter((tag) => shown.has(tag))).toEqual([]);
});

test('no test and no reason names a statement that does not exist', () => {
  const named = [...[...shown].filter((tag) => !tag.includes('§')), ...untestable.keys()];
  expect(named.filter((tag) => !known.has(tag))).toEqual([]);
});

test('every conformance test names the rules that it shows', () => {
  expect(namedTests.filter(({ tags }) => tags.length === 0)).toEqual([]);
});
