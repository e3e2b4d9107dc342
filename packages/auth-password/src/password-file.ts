import { readFileSync, statSync } from 'node:fs';
import { PasswordFileError } from './password-file-error.ts';
import { type FileUser, readUsers } from './read-users.ts';

/** The users of a file, as they were when it was last read. */
export class PasswordFile {
  readonly path: string;
  readonly #maximumBytes: number;
  #users: ReadonlyMap<string, FileUser>;

  /** @throws {PasswordFileError} when the file cannot be read, or says what cannot be. */
  constructor(path: string, maximumBytes: number) {
    this.path = path;
    this.#maximumBytes = maximumBytes;
    this.#users = this.#read();
  }

  get users(): ReadonlyMap<string, FileUser> {
    return this.#users;
  }

  /**
   * Reads it again. When it throws, the users are those that were there before.
   *
   * @throws {PasswordFileError}
   */
  reload(): void {
    this.#users = this.#read();
  }

  #read(): ReadonlyMap<string, FileUser> {
    return readUsers(readBytes(this.path, this.#maximumBytes), this.path);
  }
}

function readBytes(path: string, maximumBytes: number): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > maximumBytes) {
      throw new PasswordFileError(path, undefined, `has ${size} bytes; ${maximumBytes} are allowed`);
    }
    return readFileSync(path);
  } catch (error) {
    if (error instanceof PasswordFileError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new PasswordFileError(path, undefined, `cannot be read: ${why}`, error);
  }
}
