import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packages, root, shown, sourcesOf } from '../architecture/workspace.ts';

const page = readFileSync(join(root, 'docs', 'errors.md'), 'utf8');

/** Words in quotes that look like a code, and the file where each stands first. */
const inSources = new Map(
  packages
    .flatMap(({ folder }) => sourcesOf(join(folder, 'src')))
    .flatMap((path) => codesIn(readFileSync(path, 'utf8'), "'").map((code) => [code, shown(path)] as const))
    .reverse(),
);

function codesIn(text: string, quote: string): string[] {
  const pattern = new RegExp(`${quote}([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)${quote}`, 'g');
  const codes = Array.from(text.matchAll(pattern), ({ 1: code = '' }) => code);
  // Those of the database beneath a store: read there, and never thrown by us.
  return codes.filter((code) => !code.startsWith('LEVEL_'));
}

test('a code is found where it is quoted', () => {
  expect(codesIn("code: 'PLUGIN_INVALID' | 'A_1'; ERROR_LIKE; 'QoS_1'", "'")).toEqual([
    'PLUGIN_INVALID',
    'A_1',
  ]);
});

test('every code of the sources is explained in docs/errors.md', () => {
  const explained = new Set(codesIn(page, '`'));
  const missing = [...inSources].filter(([code]) => !explained.has(code));
  expect(missing).toEqual([]);
});

test('every code in docs/errors.md exists', () => {
  expect(codesIn(page, '`').filter((code) => !inSources.has(code))).toEqual([]);
});
