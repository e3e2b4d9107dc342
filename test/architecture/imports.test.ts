import { join, relative, resolve, sep } from 'node:path';
import { expect, test } from 'vitest';
import { benchRuleFor, type ImportRule, mayReach, objectionTo, ruleFor } from './import-rules.ts';
import { type Import, importsOf, isRelative, packageNameOf, parse, parseText } from './source-code.ts';
import {
  bench,
  companions,
  packages,
  rootManifest,
  shown,
  sourcesOf,
  type WorkspacePackage,
} from './workspace.ts';

const names = new Map(packages.map(({ name, id }) => [name, id]));

function importsBelow(folder: string): Import[] {
  return sourcesOf(folder).flatMap((path) => importsOf(parse(path)));
}

/** Whether a relative path leads to where it may not. */
function goesAstray(path: string, specifier: string, folder: string): boolean {
  const target = resolve(path, '..', specifier);
  return relative(folder, target).startsWith('..') && !mayReach(shown(path), shown(target));
}

function undeclared(folder: string, declared: (Record<string, string> | undefined)[], own: string): string[] {
  const allowed = new Set([own, ...declared.flatMap((names) => Object.keys(names ?? {}))]);
  return importsBelow(folder)
    .filter(({ specifier }) => !isRelative(specifier) && !specifier.startsWith('node:'))
    .filter(({ specifier }) => !allowed.has(packageNameOf(specifier)))
    .map(({ specifier, place }) => `${place} ${specifier}`);
}

test('an import is found in whatever form it is written', () => {
  const source = parseText(
    'sample.ts',
    [
      "import { a, type B } from 'one';",
      "import type { C } from 'two';",
      "import { type D } from 'three';",
      "export * from 'four';",
      "export type { E } from 'five';",
      "const f = await import('six');",
      "type G = import('seven').G;",
      "import 'eight';",
    ].join('\n'),
  );
  expect(importsOf(source).map(({ specifier, typeOnly }) => `${specifier} ${typeOnly}`)).toEqual([
    'one false',
    'two true',
    'three true',
    'four false',
    'five true',
    'six false',
    'seven true',
    'eight false',
  ]);
});

test('the table refuses what it does not name', () => {
  const rule: ImportRule = { packages: ['topics'], types: ['protocol'], node: false, npm: ['ws'] };
  const objection = (specifier: string, typeOnly = false) =>
    objectionTo({ specifier, typeOnly, place: '' }, rule, names) !== undefined;
  expect(objection('@carillon/topics')).toBe(false);
  expect(objection('@carillon/protocol', true)).toBe(false);
  expect(objection('@carillon/protocol')).toBe(true);
  expect(objection('@carillon/broker', true)).toBe(true);
  expect(objection('ws')).toBe(false);
  expect(objection('express')).toBe(true);
  expect(objection('node:net')).toBe(true);
});

test('every package has a row in the table of imports', () => {
  expect(packages.filter(({ id }) => ruleFor(id) === undefined).map(({ id }) => id)).toEqual([]);
});

test.each(packages)('$name imports only what lies below it', ({ id, folder }) => {
  const rule = ruleFor(id);
  const objections = importsBelow(join(folder, 'src')).flatMap((found) => {
    const objection = rule && objectionTo(found, rule, names);
    return objection === undefined ? [] : [`${found.place} ${objection}`];
  });
  expect(objections).toEqual([]);
});

test.each(packages)('$name depends in its package.json only on what it may import', ({ id, manifest }) => {
  const rule = ruleFor(id);
  const objections = Object.keys(manifest.dependencies ?? {}).flatMap((name) => {
    const found = { specifier: name, typeOnly: true, place: 'package.json' };
    return (rule && objectionTo(found, rule, names)) ?? [];
  });
  expect(objections).toEqual([]);
});

test.each(packages)('$name declares every package that its sources import', ({ folder, name, manifest }) => {
  const declared = [manifest.dependencies, manifest.peerDependencies];
  expect(undeclared(join(folder, 'src'), declared, name)).toEqual([]);
});

test.each(packages)('$name declares every package that its tests import', ({ folder, name, manifest }) => {
  const declared = [manifest.dependencies, manifest.devDependencies, rootManifest.devDependencies];
  expect(undeclared(join(folder, 'test'), declared, name)).toEqual([]);
});

test.each(companions)('$name declares every package that it imports', ({ folder, name, manifest }) => {
  const declared = [manifest.dependencies, manifest.devDependencies, rootManifest.devDependencies];
  expect(undeclared(folder, declared, name)).toEqual([]);
});

test('within the benchmark only the measured processes hold a broker, and the load owes nothing to any', () => {
  const folder = join(bench.folder, 'src');
  const objections = sourcesOf(folder).flatMap((path) => {
    const part = relative(folder, path).split(sep)[0] ?? '';
    return importsOf(parse(path)).flatMap((found) => {
      const isOutside = isRelative(found.specifier) && goesAstray(path, found.specifier, join(folder, part));
      const objection =
        part === 'load' && isOutside
          ? `${found.specifier}: outside of the generator`
          : objectionTo(found, benchRuleFor(part), names);
      return objection === undefined ? [] : [`${found.place} ${objection}`];
    });
  });
  expect(objections).toEqual([]);
});

test('only the whole-broker tests reach into a package, and only into its tests', () => {
  expect(mayReach('test/interop/broker.ts', 'packages/auth-jwt/test/issuer.ts')).toBe(true);
  expect(mayReach('test/interop/broker.ts', 'packages/listeners/src/tls.ts')).toBe(false);
  expect(mayReach('packages/carillon/test/tls.test.ts', 'packages/auth-jwt/test/issuer.ts')).toBe(false);
  expect(mayReach('docs/examples/tls.test.ts', 'packages/auth-jwt/test/issuer.ts')).toBe(false);
});

test('no relative path leads from one package into another', () => {
  const astray = [...packages, ...companions].flatMap(({ folder }: WorkspacePackage) =>
    sourcesOf(folder).flatMap((path) =>
      importsOf(parse(path))
        .filter(({ specifier }) => isRelative(specifier) && goesAstray(path, specifier, folder))
        .map(({ specifier, place }) => `${place} ${specifier}`),
    ),
  );
  expect(astray).toEqual([]);
});
