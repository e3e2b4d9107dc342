import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { importsOf, nodesOf, packageNameOf, parse } from './source-code.ts';
import { packages, readJson, root, rootManifest, sourcesOf } from './workspace.ts';

interface ProjectFile {
  references?: { path: string }[];
}

/** Packages named by an import, or by a string as in `{ target: 'pino-pretty' }`. */
function namedIn(folder: string): Set<string> {
  const names = sourcesOf(folder).flatMap((path) => {
    const source = parse(path);
    const strings = [...nodesOf(source)].filter(ts.isStringLiteralLike).map(({ text }) => text);
    return [...importsOf(source).map(({ specifier }) => packageNameOf(specifier)), ...strings];
  });
  return new Set(names);
}

/** `@types/ws` is in use where `ws` is. */
function isNamed(dependency: string, named: ReadonlySet<string>): boolean {
  return named.has(dependency) || named.has(dependency.replace('@types/', ''));
}

describe.each(packages)('$name', ({ id, folder, manifest }) => {
  const entries = Object.entries(manifest.exports ?? {});
  const workspaceNames = new Map(packages.map((other) => [other.name, other.id]));

  test('has a page for its readers', () => {
    expect(existsSync(join(folder, 'README.md'))).toBe(true);
  });

  test('states the licence and the Node versions of the workspace', () => {
    expect(manifest).toMatchObject({ license: rootManifest.license, engines: rootManifest.engines });
  });

  test('is an ES module that publishes its build and, for maps, its sources', () => {
    expect(manifest).toMatchObject({ type: 'module' });
    expect(manifest.files).toEqual(expect.arrayContaining(['dist', '!dist/.tsbuildinfo', 'src']));
  });

  test('exports an index, and every entry as source, types and build of one file', () => {
    expect(entries.map(([subpath]) => subpath)).toContain('.');
    for (const [, targets] of entries) {
      const source = targets['carillon-source'] ?? '';
      expect(existsSync(join(folder, source))).toBe(true);
      const built = source.replace('./src/', './dist/').replace(/\.ts$/, '');
      expect(targets).toEqual({
        'carillon-source': source,
        types: `${built}.d.ts`,
        default: `${built}.js`,
      });
    }
  });

  test('has an API page for every entry', () => {
    const own = join(folder, 'typedoc.json');
    const { entryPoints }: { entryPoints: string[] } = existsSync(own)
      ? readJson(own)
      : readJson<{ packageOptions: { entryPoints: string[] } }>(join(root, 'typedoc.json')).packageOptions;
    const sources = entries.map(([, targets]) => targets['carillon-source']?.replace('./', ''));
    expect([...entryPoints].sort()).toEqual(sources.sort());
  });

  test('is built after exactly the packages it depends on', () => {
    const project: ProjectFile = readJson(join(folder, 'tsconfig.json'));
    const referenced = (project.references ?? []).map(({ path }) => basename(path));
    const needed = Object.keys(manifest.dependencies ?? {}).flatMap((name) => workspaceNames.get(name) ?? []);
    expect(referenced.sort()).toEqual(needed.sort());
  });

  test('is part of the build of the workspace', () => {
    const project: ProjectFile = readJson(join(root, 'tsconfig.json'));
    expect(project.references?.map(({ path }) => path)).toContain(`packages/${id}`);
  });

  test('uses every dependency that it declares', () => {
    const named = namedIn(join(folder, 'src'));
    const unused = Object.keys(manifest.dependencies ?? {}).filter((name) => !isNamed(name, named));
    expect(unused).toEqual([]);
  });

  test('uses every development dependency that it declares', () => {
    const named = new Set([...namedIn(join(folder, 'src')), ...namedIn(join(folder, 'test'))]);
    const unused = Object.keys(manifest.devDependencies ?? {}).filter((name) => !isNamed(name, named));
    expect(unused).toEqual([]);
  });
});
