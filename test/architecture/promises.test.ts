// The linter sees a forgotten promise only within one package; the compiler knows the types across all of them.
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { nodesOf, placeOf } from './source-code.ts';
import { companions, packages, root, sourcesOf } from './workspace.ts';

/** Type-checking the whole workspace takes seconds, more on a busy machine. */
const COMPILE_TIME = 120_000;

/** Compiles files of the workspace, and with them `samples`: texts by path that no disk holds. */
function compile(files: string[], samples: ReadonlyMap<string, string> = new Map()): ts.Program {
  const path = join(root, 'tsconfig.tests.json');
  const { config }: { config?: unknown } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root, undefined, path);
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  host.readFile = (file) => samples.get(file) ?? readFile(file);
  return ts.createProgram([...files, ...samples.keys()], options, host);
}

/** Calls whose promise nobody awaits, returns, keeps or gives a handler for its failure. */
function forgottenPromises(program: ts.Program, file: string): string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  if (source === undefined) throw new Error(`not compiled: ${file}`);
  return [...nodesOf(source)]
    .filter(ts.isExpressionStatement)
    .flatMap(({ expression }) => outcomesOf(expression))
    .filter(
      (outcome) => ts.isCallExpression(outcome) && !handlesFailure(outcome) && isPromise(outcome, checker),
    )
    .map((outcome) => `${placeOf(outcome)} ${outcome.getText().split('\n')[0]}`);
}

const choosing = new Set<ts.SyntaxKind>([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.CommaToken,
]);

/** `ready && start()` and `ready ? start() : stop()` come to what their branches come to. */
function outcomesOf(expression: ts.Expression): ts.Expression[] {
  if (ts.isParenthesizedExpression(expression)) return outcomesOf(expression.expression);
  if (ts.isBinaryExpression(expression) && choosing.has(expression.operatorToken.kind)) {
    return outcomesOf(expression.right);
  }
  if (ts.isConditionalExpression(expression)) {
    return [...outcomesOf(expression.whenTrue), ...outcomesOf(expression.whenFalse)];
  }
  return [expression];
}

function handlesFailure({ expression, arguments: handlers }: ts.CallExpression): boolean {
  if (!ts.isPropertyAccessExpression(expression)) return false;
  const method = expression.name.text;
  const before = expression.expression;
  if (method === 'finally') return ts.isCallExpression(before) && handlesFailure(before);
  return (method === 'catch' && handlers.length > 0) || (method === 'then' && handlers.length > 1);
}

function isPromise(expression: ts.Expression, checker: ts.TypeChecker): boolean {
  const type = checker.getTypeAtLocation(expression);
  const alternatives = type.isUnion() ? type.types : [type];
  return alternatives.some((alternative) => checker.getPropertyOfType(alternative, 'then') !== undefined);
}

test('a forgotten promise is found, and one that is looked after is not', { timeout: COMPILE_TIME }, () => {
  const path = join(root, 'test', 'sample.ts');
  const lines = [
    'export declare const later: () => Promise<void>, maybe: () => void | Promise<void>;',
    'later();',
    'maybe();',
    'Math.random() > 1 && later();',
    'later().then(() => {});',
    'later().finally(() => {});',
    'await later();',
    'void later();',
    'later().catch(() => {});',
    'later().then(() => {}, () => {});',
    'later().catch(() => {}).finally(() => {});',
    'export let kept; kept = later();',
  ];
  const program = compile([], new Map([[path, lines.join('\n')]]));
  const places = forgottenPromises(program, path).map((found) => Number(/:(\d+)/.exec(found)?.[1]));
  expect(places).toEqual([2, 3, 4, 5, 6]);
});

test('no promise is forgotten, in the sources or in the tests', { timeout: COMPILE_TIME }, () => {
  const files = [
    ...packages.flatMap(({ folder }) => [
      ...sourcesOf(join(folder, 'src')),
      ...sourcesOf(join(folder, 'test')),
    ]),
    ...companions.flatMap(({ folder }) => sourcesOf(folder)),
  ].filter((path) => path.endsWith('.ts'));
  const program = compile(files);
  expect(files.flatMap((file) => forgottenPromises(program, file))).toEqual([]);
});
