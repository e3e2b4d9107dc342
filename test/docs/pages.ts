import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packages, root, shown } from '../architecture/workspace.ts';

/** A page of Markdown that somebody reads on the way in. */
export interface Page {
  /** From the root of the workspace: `docs/embedding.md`. */
  readonly name: string;
  readonly path: string;
  readonly text: string;
}

/** A fenced block: what stands between the fences, and where. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** `docs/embedding.md:12` */
  readonly place: string;
}

export function readPage(path: string): Page {
  return { name: shown(path), path, text: readFileSync(path, 'utf8') };
}

/** The guides, in no order. */
export const guides: readonly Page[] = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => readPage(join(root, 'docs', name)));

/** The READMEs: of the repository, and of each package that has one. */
export const readmes: readonly Page[] = [root, ...packages.map(({ folder }) => folder)]
  .map((folder) => join(folder, 'README.md'))
  .filter((path) => existsSync(path))
  .map(readPage);

export function blocksOf({ name, text }: Page): Block[] {
  return Array.from(
    text.matchAll(/^```(\w*)\n(.*?)^```$/gms),
    ({ 1: language = '', 2: code = '', index }) => ({
      language,
      code,
      place: `${name}:${text.slice(0, index).split('\n').length + 1}`,
    }),
  );
}

/** The page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^```.*?^```$/gms, '');
}

/** The page as it is with other contents in one of its generated parts. */
export function withGenerated(text: string, part: string, contents: string): string {
  const begin = `<!-- generated: ${part} -->\n`;
  const end = `<!-- end of ${part} -->\n`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`the page has no place for the generated part "${part}"`);
  return `${text.slice(0, from + begin.length)}\n${contents}\n\n${text.slice(to)}`;
}

/** Rows of Markdown, in columns as the formatter wants them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** A text inside a table of Markdown. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
