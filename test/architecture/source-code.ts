import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { shown } from './workspace.ts';

export interface Import {
  /** As written: `./frame.ts`, `node:net`, `@carillon/topics`. */
  specifier: string;
  /** Gone after compilation. */
  typeOnly: boolean;
  /** `packages/broker/src/session.ts:12` */
  place: string;
}

const parsed = new Map<string, ts.SourceFile>();

/** Parses a text that no disk holds. */
export function parseText(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
}

/** Parses a file, once however many rules ask for it. */
export function parse(path: string): ts.SourceFile {
  const source = parsed.get(path) ?? parseText(path, readFileSync(path, 'utf8'));
  parsed.set(path, source);
  return source;
}

export function placeOf(node: ts.Node): string {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return `${shown(source.fileName)}:${line + 1}`;
}

/** Visits every node of a file, outermost first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  for (const child of children) yield* nodesOf(child);
}

/** Every way in which a file names another: `import`, `export … from`, `import()` and `import('…')` types. */
export function importsOf(source: ts.SourceFile): Import[] {
  return [...nodesOf(source)].flatMap((node) => {
    const found = importAt(node);
    return found === undefined ? [] : [{ ...found, place: placeOf(node) }];
  });
}

function importAt(node: ts.Node): Omit<Import, 'place'> | undefined {
  if (ts.isImportDeclaration(node)) return named(node.moduleSpecifier, isTypeImport(node));
  if (ts.isExportDeclaration(node)) return named(node.moduleSpecifier, isTypeExport(node));
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return named(node.argument.literal, true);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return named(node.arguments[0], false);
  }
  return undefined;
}

function named(specifier: ts.Node | undefined, typeOnly: boolean): Omit<Import, 'place'> | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return { specifier: specifier.text, typeOnly };
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = importClause.namedBindings;
  if (importClause.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.every((element) => element.isTypeOnly);
}

function isTypeExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly) return true;
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return false;
  return exportClause.elements.every((element) => element.isTypeOnly);
}

/** `@carillon/topics/tree` and `ws/lib` belong to the packages `@carillon/topics` and `ws`. */
export function packageNameOf(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('/');
}
