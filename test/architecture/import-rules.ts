// Who may import whom: the only place where this is decided. CONTRIBUTING.md draws it.
import { type Import, isRelative, packageNameOf } from './source-code.ts';

export interface ImportRule {
  /** Packages of this workspace that may be imported, values and types; a star stands for any ending. */
  packages: readonly string[];
  /** Packages of this workspace of which only types may be imported. */
  types?: readonly string[];
  /** Whether Node's own modules may be imported. */
  node: boolean;
  /** Packages from npm. */
  npm: readonly string[] | 'any';
}

const engine = ['protocol', 'topics', 'hooks', 'persistence'];
const plugin: ImportRule = { packages: [...engine, 'watched-file'], node: true, npm: 'any' };

/** By folder; a star stands for any ending. */
const rules: Record<string, ImportRule> = {
  protocol: { packages: [], node: false, npm: [] },
  topics: { packages: [], node: false, npm: [] },
  persistence: { packages: ['topics'], types: ['protocol'], node: false, npm: [] },
  hooks: { packages: ['topics'], types: ['protocol', 'persistence'], node: false, npm: [] },
  broker: { packages: engine, node: false, npm: [] },
  listeners: { packages: [], node: true, npm: ['ws'] },
  'watched-file': { packages: [], types: ['hooks'], node: true, npm: [] },
  testkit: { packages: ['protocol', 'hooks'], node: true, npm: [] },
  carillon: { packages: [...engine, 'broker', 'listeners'], node: true, npm: [] },
  cli: {
    packages: [
      ...engine,
      'broker',
      'listeners',
      'carillon',
      'persistence-level',
      'persistence-aedes',
      'auth-*',
      'bridge-*',
    ],
    node: true,
    npm: 'any',
  },
  'persistence-*': plugin,
  'auth-*': plugin,
  'bridge-*': plugin,
  // Who sends a request is told by socket, TLS and proxies as it is of who asks for a WebSocket.
  'bridge-http': { ...plugin, packages: [...plugin.packages, 'listeners'] },
};

/**
 * Of the benchmark, by folder of its sources. The generator of load must owe nothing to what it measures, and only
 * the processes that are measured may hold a broker.
 */
const benchRules: Record<string, ImportRule> = {
  load: { packages: [], node: true, npm: [] },
  brokers: {
    packages: ['hooks', 'carillon', 'persistence-level', 'auth-acl', 'bridge-mqtt'],
    node: true,
    npm: ['aedes', 'aedes-persistence-level', 'level', 'ws'],
  },
};
const restOfBench: ImportRule = { packages: [], node: true, npm: [] };

export function benchRuleFor(folder: string): ImportRule {
  return benchRules[folder] ?? restOfBench;
}

/**
 * Whether a relative path may lead from one folder of the workspace into another: both from its root. Packages
 * import each other by name, but what only tests share is not published: the whole-broker tests take it from where
 * it lies beside the tests of a package.
 */
export function mayReach(from: string, into: string): boolean {
  return from.startsWith('test/') && /^packages\/[^/]+\/test\//.test(into);
}

export function ruleFor(id: string): ImportRule | undefined {
  return rules[id] ?? rules[familyOf(id)];
}

/** `auth-*` for `auth-password`. */
function familyOf(id: string): string {
  return `${id.split('-')[0]}-*`;
}

/**
 * Says why a package may not contain an import.
 *
 * @param names The packages of the workspace: name on npm to folder.
 * @returns `undefined` when it may.
 */
export function objectionTo(
  found: Import,
  rule: ImportRule,
  names: ReadonlyMap<string, string>,
): string | undefined {
  const { specifier, typeOnly } = found;
  if (isRelative(specifier)) return undefined;
  if (specifier.startsWith('node:')) return rule.node ? undefined : `${specifier}: no module of Node here`;
  const name = packageNameOf(specifier);
  const id = names.get(name);
  if (id === undefined) {
    // Where `ws` may be used, so may `@types/ws`: published types can name it.
    const allowed = rule.npm === 'any' || rule.npm.includes(name.replace('@types/', ''));
    return allowed ? undefined : `${name}: not a dependency for here`;
  }
  if (rule.packages.includes(id) || rule.packages.includes(familyOf(id))) return undefined;
  if (rule.types?.includes(id)) return typeOnly ? undefined : `${name}: only its types`;
  return `${name}: the arrow points the wrong way`;
}
