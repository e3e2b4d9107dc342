import { closeSync, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Clock, Logger } from '@carillon/hooks';
import { PasswordFileError } from './password-file-error.ts';
import { type FileUser, readUsers } from './read-users.ts';
import { FileWatch } from './watch-file.ts';

/** The users of a file, as they were when it could last be read. */
export class PasswordFile {
  readonly path: string;
  readonly #maximumBytes: number;
  #users: ReadonlyMap<string, FileUser>;
  /** Tells one state of the file from another. */
  #version = '';
  #watch: FileWatch | undefined = undefined;
  /** What was wrong when it was last read, so that it is told once. */
  #fault: string | undefined = undefined;

  /** @throws {PasswordFileError} when the file cannot be read, or says what cannot be. */
  constructor(path: string, maximumBytes: number) {
    // The program may go elsewhere.
    this.path = resolve(path);
    this.#maximumBytes = maximumBytes;
    this.#users = this.#read();
  }

  get users(): ReadonlyMap<string, FileUser> {
    return this.#users;
  }

  /**
   * Follows the file from now on: reads it again when it has changed, and keeps what it had when it cannot be read.
   *
   * @param deleted Told of the users that a change has taken out.
   */
  follow(clock: Clock, logger: Logger, deleted: (users: ReadonlySet<string>) => void): void {
    const look = () => this.#look(logger, deleted);
    const failed = (error: unknown): void => {
      logger.warn({ err: error, file: this.path }, `changes of ${this.path} are not noticed any more`);
    };
    try {
      this.#watch = new FileWatch(this.path, clock, look, failed);
    } catch (error) {
      failed(error);
    }
    // It may have changed since it was read first.
    look();
  }

  close(): void {
    this.#watch?.close();
  }

  #look(logger: Logger, deleted: (users: ReadonlySet<string>) => void): void {
    try {
      if (versionOf(statSync(this.path)) === this.#version) return;
      const before = this.#users;
      this.#users = this.#read();
      this.#fault = undefined;
      logger.info(
        { file: this.path, users: this.#users.size },
        `${this.path} has changed: ${this.#users.size} users`,
      );
      const gone = [...before.keys()].filter((user) => !this.#users.has(user));
      if (gone.length > 0) deleted(new Set(gone));
    } catch (error) {
      const { message } = faultOf(this.path, error);
      if (message === this.#fault) return;
      this.#fault = message;
      logger.warn({ file: this.path }, `${message}; the users of the last good file are still in force`);
    }
  }

  #read(): ReadonlyMap<string, FileUser> {
    const { bytes, version } = readFile(this.path, this.#maximumBytes);
    // Also of a file that is wrong: it is not read again before it has changed.
    this.#version = version;
    return readUsers(bytes, this.path);
  }
}

/** The bytes, and the version that they are of: a file that grows meanwhile is read again. */
function readFile(path: string, maximumBytes: number): { bytes: Uint8Array; version: string } {
  try {
    const file = openSync(path, 'r');
    try {
      const stats = fstatSync(file);
      if (!stats.isFile()) throw new PasswordFileError(path, undefined, 'is no file');
      if (stats.size > maximumBytes) {
        throw new PasswordFileError(path, undefined, `has ${stats.size} bytes; ${maximumBytes} are allowed`);
      }
      const bytes = Buffer.alloc(stats.size);
      let length = 0;
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, length);
      }
      return { bytes: bytes.subarray(0, length), version: versionOf(stats) };
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw faultOf(path, error);
  }
}

function versionOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

function faultOf(path: string, error: unknown): PasswordFileError {
  if (error instanceof PasswordFileError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new PasswordFileError(path, undefined, `cannot be read: ${why}`, error);
}
