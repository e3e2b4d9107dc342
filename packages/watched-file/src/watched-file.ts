import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Clock, ScheduledTask } from '@carillon/hooks';
import { appearanceOf } from './appearance.ts';

/** What a {@link WatchedFile} is made of. */
export interface WatchedFileOptions<Content> {
  /** Where the file is. A relative path counts from where the program is now: it may go elsewhere. */
  readonly path: string;
  /**
   * Makes something of the bytes. Throws an `Error` that says what is wrong with them and where; its message is meant
   * for a log, so it must not repeat a secret.
   */
  readonly read: (bytes: Uint8Array) => Content | Promise<Content>;
  /** Milliseconds between two looks at the file. Default 1000. */
  readonly interval?: number;
  /** Bytes; a larger file is not read. Default 16 MiB. */
  readonly maximumBytes?: number;
}

/** Who is told of what becomes of a {@link WatchedFile}. */
export interface FileFollower<Content> {
  /** The file was read anew: its new content, and the one before. */
  changed(content: Content, before: Content): void;
  /**
   * The file cannot be used, and the last good content stays: the error of `read`, an {@link UnfitFileError}, or that of
   * the file system. Told once for each thing that is wrong, not at every look.
   */
  failed(error: unknown): void;
}

const defaultInterval = 1000;
const defaultMaximumBytes = 16 * 1024 * 1024;

/**
 * A file and what was last made of it. It is looked at every now and then rather than watched by the operating
 * system: that also sees files replaced by `rename`, links that lead elsewhere, and network drives. When what is
 * in it cannot be read, the last good content stays, and the follower hears why.
 *
 * @example
 * ```ts
 * const file = new WatchedFile({ path: 'users.txt', read: parseUsers });
 * file.openSync();
 * file.follow(clock, {
 *   changed: (users) => logger.info({ users: users.size }, 'users.txt was read again'),
 *   failed: (err) => logger.error({ err }, 'users.txt cannot be used: the users before stay in force'),
 * });
 * file.content.get('alice');
 * file.close();
 * ```
 */
export class WatchedFile<Content> {
  /** From the root of the file system. */
  readonly path: string;
  readonly #read: WatchedFileOptions<Content>['read'];
  readonly #interval: number;
  readonly #maximumBytes: number;
  /** Undefined before the first success. */
  #current: { readonly content: Content } | undefined = undefined;
  /** Whether `read` answers plainly, as `openSync` has found. */
  #readsPlainly = false;
  /** How the file looked when it was last read, well or not; undefined when it was not there, or not fit. */
  #seen: string | undefined = undefined;
  #complaint: string | undefined = undefined;
  /** Undefined before `follow` and after `close`. */
  #following: { readonly clock: Clock; readonly follower: FileFollower<Content> } | undefined = undefined;
  #next: ScheduledTask | undefined = undefined;
  /** Settles when the last look has ended: two at a time could take an older content for the newer one. */
  #looking: Promise<void> = Promise.resolve();

  constructor({ path, read, interval, maximumBytes }: WatchedFileOptions<Content>) {
    this.path = resolve(path);
    this.#read = read;
    this.#interval = interval ?? defaultInterval;
    this.#maximumBytes = maximumBytes ?? defaultMaximumBytes;
  }

  /** The last good content. Throws an `Error` before the file was opened. */
  get content(): Content {
    if (this.#current === undefined) throw new Error(`${this.path} was not read yet.`);
    return this.#current.content;
  }

  /**
   * Reads the file for the first time, here and now: for plugins that do so when they are made, before anything runs.
   *
   * @throws {UnfitFileError} when there is no file but something else, or it is too large.
   * @throws the error of `read` or of the file system.
   * @throws {TypeError} when `read` answers by promise: that takes `open`.
   */
  openSync(): void {
    this.#current = { content: this.#readSync(this.#lookSync()) };
    this.#readsPlainly = true;
  }

  /**
   * Reads the file for the first time, where `read` answers by promise.
   *
   * @throws {UnfitFileError} when there is no file but something else, or it is too large.
   * @throws the error of `read` or of the file system.
   */
  async open(): Promise<void> {
    this.#seen = await this.#appearance();
    this.#current = { content: await this.#read(await readFile(this.path)) };
  }

  /**
   * Looks at the file now and then, from now on, until `close`. What became of a file since `openSync` is told before
   * this returns.
   */
  follow(clock: Clock, follower: FileFollower<Content>): void {
    this.#following = { clock, follower };
    if (this.#readsPlainly) this.#catchUp();
    this.#lookLater();
  }

  /**
   * Looks at the file now rather than at the next turn of the clock; resolves when the follower was told. Never rejects,
   * and does nothing for a file that is not followed.
   */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#readIfChanged());
    return this.#looking;
  }

  /** Follows the file no longer. */
  close(): void {
    this.#following = undefined;
    this.#next?.cancel();
  }

  #lookLater(): void {
    this.#next = this.#following?.clock.schedule(this.#interval, () => {
      void this.look().then(() => this.#lookLater());
    });
  }

  async #readIfChanged(): Promise<void> {
    if (this.#following === undefined) return;
    try {
      const appearance = await this.#appearance();
      if (appearance === this.#seen) return;
      const bytes = await readFile(this.path);
      // Somebody is still writing: the next look will find it changed again.
      if ((await this.#appearance()) !== appearance) return;
      this.#note(appearance);
      this.#put(await this.#read(bytes));
    } catch (error) {
      this.#complain(error);
    }
  }

  #catchUp(): void {
    try {
      const appearance = this.#lookSync();
      if (appearance !== this.#seen) this.#put(this.#readSync(appearance));
    } catch (error) {
      this.#complain(error);
    }
  }

  #readSync(appearance: string): Content {
    this.#note(appearance);
    const content = this.#read(readFileSync(this.path));
    if (!(content instanceof Promise)) return content;
    throw new TypeError(`${this.path} is read by promise: open() is for that, openSync() is not.`);
  }

  async #appearance(): Promise<string> {
    try {
      return appearanceOf(await stat(this.path, { bigint: true }), this.#maximumBytes);
    } catch (error) {
      this.#seen = undefined;
      throw error;
    }
  }

  #lookSync(): string {
    return appearanceOf(statSync(this.path, { bigint: true }), this.#maximumBytes);
  }

  /** What is wrong with this version of the file is not known yet, even if it is what was wrong with the one before. */
  #note(appearance: string): void {
    this.#seen = appearance;
    this.#complaint = undefined;
  }

  #put(content: Content): void {
    if (this.#following === undefined) return;
    const before = this.content;
    this.#current = { content };
    this.#following.follower.changed(content, before);
  }

  #complain(error: unknown): void {
    const complaint = error instanceof Error ? error.message : String(error);
    if (complaint === this.#complaint) return;
    this.#complaint = complaint;
    this.#following?.follower.failed(error);
  }
}
