import { AclError } from './acl-error.ts';

/** A word of a line, and where it begins. */
export interface Token {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

/**
 * Takes a line apart at white space. Quotes, within a word too, keep white space in it: `user="Ann Lee"`; within
 * them a backslash takes the next character as it is.
 *
 * @throws AclError when a quote is not closed.
 */
export function splitLine(line: string, number: number): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    if (isSpace(line, at)) {
      at++;
      continue;
    }
    const start = at;
    let text = '';
    while (at < line.length && !isSpace(line, at)) {
      if (line[at] !== '"') {
        text += line[at++];
        continue;
      }
      const opened = at++;
      while (at < line.length && line[at] !== '"') {
        if (line[at] === '\\') at++;
        text += line[at++] ?? '';
      }
      if (at >= line.length) {
        throw invalid('the quote is not closed: write " at the end of the name', number, opened + 1);
      }
      at++;
    }
    tokens.push({ text, column: start + 1 });
  }
  return tokens;
}

function isSpace(line: string, at: number): boolean {
  return line[at] === ' ' || line[at] === '\t';
}

/** The lines of a file, without their ends. */
export function linesOf(text: string): readonly string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}

export function invalid(message: string, line: number, column: number): AclError {
  return new AclError('ACL_RULE_INVALID', `line ${line}, column ${column}: ${message}`, { line, column });
}
