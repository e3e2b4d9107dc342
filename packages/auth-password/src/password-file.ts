import type { Clock, Logger } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { UnfitFileError, WatchedFile } from '@carillon/watched-file';
import { PasswordFileError } from './password-file-error.ts';
import { type FileUser, readUsers } from './read-users.ts';

/** The users of a file, as they were when it could last be read. */
export class PasswordFile {
  readonly #file: WatchedFile<ReadonlyMap<string, FileUser>>;

  /** @throws {PasswordFileError} when the file cannot be read, or says what cannot be. */
  constructor(path: string, maximumBytes: number) {
    this.#file = new WatchedFile({ path, maximumBytes, read: (bytes) => readUsers(bytes, this.path) });
    try {
      this.#file.openSync();
    } catch (error) {
      throw faultOf(this.path, error);
    }
  }

  get path(): string {
    return this.#file.path;
  }

  get users(): ReadonlyMap<string, FileUser> {
    return this.#file.content;
  }

  /**
   * Follows the file from now on: reads it again when it has changed, and keeps what it had when it cannot be read.
   *
   * @param deleted Told of the users that a change has taken out.
   */
  follow(clock: Clock, logger: Logger, deleted: (users: ReadonlySet<string>) => void): void {
    const { path } = this;
    this.#file.follow(clock, {
      changed: (users, before) => {
        logger.info({ file: path, users: users.size }, `${path} has changed: ${users.size} users`);
        const gone = [...before.keys()].filter((user) => !users.has(user));
        if (gone.length > 0) deleted(new Set(gone));
      },
      failed: (error) => {
        const { message } = faultOf(path, error);
        logger.warn({ file: path }, `${message}; the users of the last good file are still in force`);
      },
    });
  }

  close(): void {
    this.#file.close();
  }
}

function faultOf(path: string, error: unknown): PasswordFileError {
  if (error instanceof PasswordFileError) return error;
  if (error instanceof UnfitFileError) return new PasswordFileError(path, undefined, error.fault);
  const why = messageOf(error);
  return new PasswordFileError(path, undefined, `cannot be read: ${why}`, error);
}
