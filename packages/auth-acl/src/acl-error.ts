/** Where a rule stands in a file. */
export interface AclPlace {
  readonly path?: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** Rules or options cannot be used. The message says what is wrong, where, and what would be right. */
export class AclError extends Error {
  /** `ACL_OPTION_INVALID`: an option; `ACL_RULE_INVALID`: a rule, in a file or given as an object; `ACL_FILE_UNREADABLE`. */
  readonly code: 'ACL_OPTION_INVALID' | 'ACL_RULE_INVALID' | 'ACL_FILE_UNREADABLE';
  override readonly name = 'AclError';
  /** Of the file, where there is one. */
  readonly path: string | undefined;
  /** From 1; undefined where it is not about one line of a file. */
  readonly line: number | undefined;
  /** From 1, in UTF-16 units. */
  readonly column: number | undefined;

  constructor(
    code: AclError['code'],
    message: string,
    { path, line, column, cause }: Partial<AclPlace> & { cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
    this.line = line;
    this.column = column;
  }
}
