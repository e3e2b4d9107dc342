import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { nodesOf, parse } from '../architecture/source-code.ts';
import { filesBelow, readJson } from '../architecture/workspace.ts';

/** A numbered statement of a standard, in our own words. */
export interface Statement {
  id: string;
  section: string;
  who: 'client' | 'server' | 'both';
  says: string;
}

/** A statement's place in our names: `MQTT-3.1.2-4` of MQTT 5.0, `v3:MQTT-3.1.2-6` of MQTT 3.1.1. */
export interface CataloguedStatement extends Statement {
  tag: string;
}

/** A test that says in its name which rules it shows. */
export interface NamedTest {
  /** From the folder of the conformance tests: `v5/will.test.ts`. */
  file: string;
  name: string;
  /** `MQTT-3.1.2-4`, `v3:MQTT-3.1.2-6`, or, for a rule without a number, its section: `§3.14.2.2.2`. */
  tags: string[];
}

const here = import.meta.dirname;

/** The statements of MQTT 5.0. */
export const mqtt5 = catalogue('mqtt5', '');

/** The statements of MQTT 3.1.1. */
export const mqtt311 = catalogue('mqtt311', 'v3:');

/** Why no test can show them on a server, by tag. */
export const untestable = new Map<string, string>(
  Object.entries(readJson<Record<string, string>>(join(here, 'untestable.json'))),
);

/** Every conformance test that names rules. */
export const namedTests: NamedTest[] = filesBelow(here)
  .filter((path) => path.endsWith('.test.ts') && dirname(path) !== here)
  .sort()
  .flatMap(testsOf);

function catalogue(name: string, prefix: string): CataloguedStatement[] {
  const statements = readJson<Statement[]>(join(here, 'catalogue', `${name}.json`));
  return statements.map((statement) => ({ ...statement, tag: prefix + statement.id }));
}

function testsOf(path: string): NamedTest[] {
  const file = `${basename(dirname(path))}/${basename(path)}`;
  return [...nodesOf(parse(path))].flatMap((node) => {
    const name = testNameAt(node);
    return name === undefined ? [] : [{ file, name, tags: tagsOf(name) }];
  });
}

/** The name given in `test('…', …)` or `test.each(…)('…', …)`. */
function testNameAt(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node) || !startsWithTest(node.expression)) return undefined;
  const [name] = node.arguments;
  return name !== undefined && ts.isStringLiteralLike(name) ? name.text : undefined;
}

function startsWithTest(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 'test' || callee.text === 'it';
  if (ts.isPropertyAccessExpression(callee) || ts.isCallExpression(callee)) {
    return startsWithTest(callee.expression);
  }
  return false;
}

/** What stands in brackets and is a rule: `[MQTT-3.1.2-4] [§3.1.4, v3:MQTT-3.1.2-6] …`. */
export function tagsOf(name: string): string[] {
  return [...name.matchAll(/\[([^\]]*)\]/g)]
    .flatMap(([, inside = '']) => inside.split(/[\s,]+/))
    .filter((tag) => /^(v3:)?(MQTT-|§)/.test(tag));
}
