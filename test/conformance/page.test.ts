import { expect, test } from 'vitest';
import { table, cell as textCell } from '../docs/pages.ts';
import { type CataloguedStatement, mqtt5, mqtt311, namedTests, untestable } from './statements.ts';

const folder = '../test/conformance';

test('the page on conformance is what the tests say (`pnpm docs:conformance` writes it anew)', async () => {
  await expect(conformancePage()).toMatchFileSnapshot('../../docs/conformance.md');
});

function conformancePage(): string {
  return `# Conformance

Every numbered statement of MQTT 5.0 and MQTT 3.1.1, in our own words, and the tests that show it on this broker.
Statements that only bind a client are shown by what the broker does when a client breaks them. Where no test can
show a statement on a server, the reason stands in place of the test.

This page is generated from the names of the tests: \`pnpm docs:conformance\` writes it, and a test compares it.

${summary()}

## MQTT 5.0

${tableOf(mqtt5)}

## MQTT 3.1.1

${tableOf(mqtt311)}

## Rules without a number

What the text of the standard demands in passing, and what it leaves open and this broker has chosen: the tests by
section.

${unnumberedRules()}
`;
}

function summary(): string {
  const row = (name: string, statements: readonly CataloguedStatement[]) => {
    const shown = statements.filter(({ tag }) => filesOf(tag).length > 0).length;
    const excused = statements.filter(({ tag }) => untestable.has(tag)).length;
    return [name, `${statements.length}`, `${shown}`, `${excused}`];
  };
  return table(
    ['', 'statements', 'shown by tests', 'not to be shown on a server'],
    [row('MQTT 5.0', mqtt5), row('MQTT 3.1.1', mqtt311)],
  );
}

function tableOf(statements: readonly CataloguedStatement[]): string {
  const rows = statements.map(({ id, tag, says }) => [id, cell(says), shownBy(tag)]);
  return table(['statement', 'what it says', 'shown by'], rows);
}

function shownBy(tag: string): string {
  const reason = untestable.get(tag);
  return reason === undefined ? filesOf(tag).map(linkTo).join(', ') : `_no test:_ ${cell(reason)}`;
}

function filesOf(tag: string): string[] {
  return [...new Set(namedTests.filter(({ tags }) => tags.includes(tag)).map(({ file }) => file))];
}

function unnumberedRules(): string {
  const rules = namedTests
    .flatMap(({ file, name, tags }) => tags.map((tag) => ({ tag, name, file })))
    .filter(({ tag }) => tag.includes('§'))
    .sort((one, other) => one.tag.localeCompare(other.tag, 'en', { numeric: true }));
  const rows = rules.map(({ tag, name, file }) => [tag, cell(withoutTags(name)), linkTo(file)]);
  return table(['section', 'what the test shows', 'test'], rows);
}

function withoutTags(name: string): string {
  return name.replace(/^(\[[^\]]*\]\s*)+/, '');
}

function linkTo(file: string): string {
  return `[${file.replace('.test.ts', '')}](${folder}/${file})`;
}

/** A text of others inside a table, where a star is a star. */
function cell(text: string): string {
  return textCell(text).replaceAll('*', '\\*');
}
