// The engine takes time, turns and randomness from its host, so that tests turn the clock by hand and a failing
// run replays exactly. One call past the platform and neither holds.
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { nodesOf, parse, parseText, placeOf } from './source-code.ts';
import { packages, sourcesOf } from './workspace.ts';

const pure = ['protocol', 'topics', 'hooks', 'persistence', 'broker'];

const worldly = new Set([
  'Date',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'process',
  'crypto',
  'console',
  'globalThis',
]);

function worldlyUses(source: ts.SourceFile): string[] {
  return [...nodesOf(source)].flatMap((node) => {
    const name = worldlyNameAt(node);
    return name === undefined ? [] : [`${placeOf(node)} ${name}`];
  });
}

function worldlyNameAt(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Math.random') return 'Math.random';
  if (!ts.isIdentifier(node) || !worldly.has(node.text) || namesSomethingElse(node)) return undefined;
  return node.text;
}

/** `packet.process`, `{ process: 1 }`, a method called `process`, the type `Date`: none reaches the world. */
function namesSomethingElse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent)) return true;
  const isMember = ts.isClassElement(parent) || ts.isTypeElement(parent) || ts.isPropertyAssignment(parent);
  return isMember && parent.name === node;
}

test('a use of the clock, the timers or chance is found, and a mere namesake is not', () => {
  const source = parseText(
    'sample.ts',
    [
      'const now = Date.now();',
      'const dice = Math.random();',
      'globalThis.setTimeout(task, 1);',
      'const later = setImmediate;',
      'packet.process({ process: 1 }, packet.performance);',
      'class Queue { process(): void {} }',
      'let made: Date;',
    ].join('\n'),
  );
  expect(worldlyUses(source).map((use) => use.replace(/^.*:/, ''))).toEqual([
    '1 Date',
    '2 Math.random',
    '3 globalThis',
    '4 setImmediate',
  ]);
});

test.each(pure)('%s takes time, turns and randomness from its host alone', (id) => {
  const folder = packages.find((one) => one.id === id)?.folder;
  expect(folder).toBeDefined();
  const uses = sourcesOf(join(folder ?? '', 'src')).flatMap((path) => worldlyUses(parse(path)));
  expect(uses).toEqual([]);
});
