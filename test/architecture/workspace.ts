import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the workspace. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the rules read of a package.json. */
export interface Manifest {
  name: string;
  license?: string;
  engines?: Record<string, string>;
  files?: string[];
  exports?: Record<string, Record<string, string>>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

export interface WorkspacePackage {
  /** The folder's name, which the tables of rules use: `broker`. */
  id: string;
  /** The name on npm: `@carillon/broker`. */
  name: string;
  folder: string;
  manifest: Manifest;
}

export function readPackage(folder: string): WorkspacePackage {
  const manifest: Manifest = readJson(join(folder, 'package.json'));
  return { id: basename(folder), name: manifest.name, folder, manifest };
}

/** Everything that is published. */
export const packages: WorkspacePackage[] = readdirSync(join(root, 'packages'))
  .map((id) => join(root, 'packages', id))
  .filter((folder) => existsSync(join(folder, 'package.json')))
  .map(readPackage);

/** The benchmark, a package of its own inside of `test`. */
export const bench: WorkspacePackage = readPackage(join(root, 'test', 'bench'));

/** Packages that are never published: they hold the whole-broker tests, the benchmark, certificates for tests, and the examples. */
export const companions = [
  readPackage(join(root, 'test')),
  bench,
  readPackage(join(root, 'test', 'certificates')),
  readPackage(join(root, 'docs', 'examples')),
];

/** Also holds the tools that every test may import. */
export const rootManifest: Manifest = readJson(join(root, 'package.json'));

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** A path as messages show it: from the root of the workspace, with forward slashes. */
export function shown(path: string): string {
  return relative(root, path).replaceAll('\\', '/');
}

const notOurs = new Set(['node_modules', 'dist', '.git', 'coverage', 'carillon-data']);

/** Every file below a folder that somebody wrote: nothing installed, built or generated. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (notOurs.has(name) || shown(path) === 'docs/api') return [];
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/** Packages that lie inside of another one. */
const nested = companions
  .map(({ folder }) => join(folder, '/'))
  .filter((inside, _, all) => all.some((folder) => inside !== folder && inside.startsWith(folder)));

/** The programs below a folder: not those of a package that lies inside of it. */
export function sourcesOf(folder: string): string[] {
  const others = nested.filter((inside) => !join(folder, '/').startsWith(inside));
  return filesBelow(folder).filter(
    (path) => /\.[cm]?[jt]s$/.test(path) && !others.some((inside) => path.startsWith(inside)),
  );
}
