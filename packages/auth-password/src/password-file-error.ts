/** A file of users that cannot be used. What is wrong is told by line number; names and hashes are not shown. */
export class PasswordFileError extends Error {
  override readonly name = 'PasswordFileError';
  readonly code = 'PASSWORD_FILE_INVALID';
  readonly path: string;
  /** From 1; absent when it is about the file as a whole. */
  readonly line: number | undefined;

  constructor(path: string, line: number | undefined, fault: string, cause?: unknown) {
    const place = line === undefined ? path : `${path}, line ${line},`;
    super(`${place} ${fault}`, cause === undefined ? undefined : { cause });
    this.path = path;
    this.line = line;
  }
}
