import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { nodesOf, parse, parseText, placeOf } from './source-code.ts';
import { bench, filesBelow, packages, root, shown, sourcesOf } from './workspace.ts';

/** A file longer than this holds more than one idea. */
const LONGEST_FILE = 450;

const sources = [...packages, bench].flatMap(({ folder }) => sourcesOf(join(folder, 'src')));
const written = ['packages', 'test', 'docs', 'scripts'].flatMap((name) => filesBelow(join(root, name)));

/** Ways to tell the compiler that a doubt is none. */
function silencedDoubts(source: ts.SourceFile): string[] {
  const casts = [...nodesOf(source)]
    .filter(silencesDoubt)
    .map((node) => `${placeOf(node)} ${node.getText()}`);
  return [...casts, ...linesWith(/@ts-|biome-ignore/, source.fileName, source.text)];
}

function silencesDoubt(node: ts.Node): boolean {
  if (ts.isNonNullExpression(node) || ts.isTypeAssertionExpression(node)) return true;
  if (!ts.isAsExpression(node)) return false;
  const { kind } = node.type;
  const throughUnknown = ts.isAsExpression(node.expression) && !ts.isConstTypeReference(node.expression.type);
  return kind === ts.SyntaxKind.AnyKeyword || kind === ts.SyntaxKind.NeverKeyword || throughUnknown;
}

function linesWith(pattern: RegExp, path: string, text = readFileSync(path, 'utf8')): string[] {
  return text.split('\n').flatMap((line, index) => {
    return pattern.test(line) ? [`${shown(path)}:${index + 1} ${line.trim()}`] : [];
  });
}

test('a cast that silences a doubt is found, and an honest one is not', () => {
  const source = parseText(
    join(root, 'sample.ts'),
    [
      'a as unknown as B;',
      'a as any;',
      'a as never;',
      'a!.b;',
      '<B>a;',
      '// @ts-expect-error',
      '// biome-ignore lint: because',
      "['a'] as const;",
      'a as B;',
    ].join('\n'),
  );
  const places = silencedDoubts(source).map((found) => Number(/:(\d+)/.exec(found)?.[1]));
  expect(places).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('no cast, assertion or comment silences a doubt of the compiler or the linter', () => {
  expect(sources.flatMap((path) => silencedDoubts(parse(path)))).toEqual([]);
});

test('no file or folder is a drawer for odds and ends', () => {
  const drawer = /(^|\/)(utils?|helpers?|common|misc)(\.|\/|$)/i;
  expect(written.map(shown).filter((path) => drawer.test(path))).toEqual([]);
});

test('a file name is lower case, with hyphens', () => {
  expect(sources.map((path) => basename(path)).filter((name) => !/^[a-z0-9-]+\.ts$/.test(name))).toEqual([]);
});

test(`no source file is longer than ${LONGEST_FILE} lines`, () => {
  const tooLong = sources
    .map((path) => ({ path: shown(path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }))
    .filter(({ lines }) => lines > LONGEST_FILE);
  expect(tooLong).toEqual([]);
});

test('nothing is left for later', () => {
  const laterMark = /\b(TODO|FIXME)\b/;
  const own = join(root, 'test', 'architecture');
  const places = written
    .filter((path) => /\.([cm]?[jt]s|md)$/.test(path) && !path.startsWith(own))
    .flatMap((path) => linesWith(laterMark, path));
  expect(places).toEqual([]);
});
