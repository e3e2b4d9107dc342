import { join } from 'node:path';
import ts from 'typescript';
import { parse } from '../architecture/source-code.ts';
import { root } from '../architecture/workspace.ts';

/** A member of an interface, as its source shows it. */
export interface DocumentedMember {
  readonly name: string;
  /** Of a method: what it returns. */
  readonly type: string;
  /** Of a method: the type of its first parameter. */
  readonly parameter: string | undefined;
  /** Its doc comment in one line; empty when it has none. */
  readonly says: string;
}

export interface DocumentedInterface {
  readonly name: string;
  readonly extends: readonly string[];
  readonly says: string;
  readonly members: readonly DocumentedMember[];
}

/** The interfaces of a file, in order. */
export function interfacesOf(path: string): DocumentedInterface[] {
  return parse(join(root, path))
    .statements.filter(ts.isInterfaceDeclaration)
    .map((node) => ({
      name: node.name.text,
      extends: (node.heritageClauses ?? []).flatMap(({ types }) => types.map((type) => type.getText())),
      says: commentOf(node),
      members: node.members.flatMap(memberOf),
    }));
}

export function interfaceNamed(path: string, name: string): DocumentedInterface {
  const found = interfacesOf(path).find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${path} has no interface ${name}`);
  return found;
}

/** The types of a file that are names for others: name to what it stands for. */
export function typeAliasesOf(path: string): ReadonlyMap<string, string> {
  const aliases = parse(join(root, path)).statements.filter(ts.isTypeAliasDeclaration);
  return new Map(aliases.map(({ name, type }) => [name.text, oneLine(type.getText())]));
}

function memberOf(node: ts.TypeElement): DocumentedMember[] {
  if (node.name === undefined) return [];
  const name = node.name.getText();
  const says = commentOf(node);
  if (ts.isPropertySignature(node)) {
    return [{ name, type: oneLine(node.type?.getText() ?? ''), parameter: undefined, says }];
  }
  if (!ts.isMethodSignature(node)) return [];
  const parameter = node.parameters[0]?.type?.getText();
  return [{ name, type: oneLine(node.type?.getText() ?? ''), parameter, says }];
}

function commentOf(node: ts.Node): string {
  const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return oneLine(ts.getTextOfJSDocComment(comments.at(-1)?.comment) ?? '').replaceAll(
    /\{@link (\w+)\}/g,
    '`$1`',
  );
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^\| /, '')
    .trim();
}
