import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow, packages, root, shown } from '../architecture/workspace.ts';
import { type Block, blocksOf, guides, type Page, readmes } from './pages.ts';

/*
 * What a page shows has been run: each block of TypeScript or JavaScript stands, line for line and whatever its
 * indentation, in a program of docs/examples, which a test there runs, or in a test of the package whose README
 * it is. A line `// …` leaves something out.
 */

const programs = [join(root, 'docs', 'examples'), ...packages.map(({ folder }) => join(folder, 'test'))]
  .flatMap(filesBelow)
  .filter((path) => /\.[jt]s$/.test(path))
  .map((path) => readFileSync(path, 'utf8').split('\n'));

function isShownBy(program: readonly string[], { code }: Pick<Block, 'code'>): boolean {
  let from = 0;
  for (const part of code.split(/^\s*\/\/ …\n/m)) {
    const lines = part.trimEnd().split('\n');
    while (lines[0]?.trim() === '') lines.shift();
    if (lines.length === 0) continue;
    const at = placeOf(lines, program, from);
    if (at === -1) return false;
    from = at + lines.length;
  }
  return true;
}

function placeOf(lines: readonly string[], program: readonly string[], from: number): number {
  for (let at = from; at + lines.length <= program.length; at++) {
    const indent = indentBetween(lines[0] ?? '', program[at] ?? '');
    if (indent === undefined) continue;
    const fits = lines.every((line, index) => {
      const there = program[at + index] ?? '';
      return line === '' ? there === '' : there === indent + line;
    });
    if (fits) return at;
  }
  return -1;
}

/** What the program's line has in front of the page's line. */
function indentBetween(line: string, there: string): string | undefined {
  const indent = there.slice(0, there.length - line.length);
  return there.endsWith(line) && indent.trim() === '' ? indent : undefined;
}

const pages: readonly Page[] = [...guides, ...readmes].filter((page) => codeOf(page).length > 0);

function codeOf(page: Page): Block[] {
  return blocksOf(page).filter(({ language }) => ['ts', 'js', 'typescript', 'javascript'].includes(language));
}

test.each(pages)('every piece of code in $name stands in a program that a test runs', (page) => {
  const homeless = codeOf(page).filter((block) => !programs.some((program) => isShownBy(program, block)));
  expect(homeless.map(({ place }) => place)).toEqual([]);
});

test('every program in docs/examples is run by a test there', () => {
  const folder = join(root, 'docs', 'examples');
  const names = filesBelow(folder).filter((path) => path.endsWith('.ts'));
  const tests = names.filter((path) => path.endsWith('.test.ts')).map((path) => readFileSync(path, 'utf8'));
  const importedBy = (sources: readonly string[]) =>
    names.filter((path) => sources.some((source) => source.includes(`/${basename(path)}'`)));
  const direct = importedBy(tests);
  const all = [...direct, ...importedBy(direct.map((path) => readFileSync(path, 'utf8')))];
  expect(names.filter((path) => !/\.(test|d)\.ts$/.test(path) && !all.includes(path)).map(shown)).toEqual([]);
});

test('a piece of code is found at any indentation, and with lines left out', () => {
  const program = ['a();', 'if (b) {', '  c();', '', '  d();', '  e();', '}'];
  const isFound = (code: string) => isShownBy(program, { code });
  expect(isFound('c();\n\nd();\n')).toBe(true);
  expect(isFound('a();\n// …\nd();\ne();\n')).toBe(true);
  expect(isFound('c();\n  d();\n')).toBe(false);
  expect(isFound('d();\n// …\na();\n')).toBe(false);
  expect(isFound('f();\n')).toBe(false);
});
