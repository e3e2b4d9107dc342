import { readFile, stat } from 'node:fs/promises';
import type { Clock, Logger, ScheduledTask } from '@carillon/hooks';

/** What a {@link WatchedFile} is made of. */
export interface WatchedFileOptions<Content> {
  readonly path: string;
  /** What the file is, for the log: `password file`. */
  readonly what: string;
  /**
   * Makes something of the bytes. Throws an `Error` that says what is wrong with them and where; its message is
   * logged, so it must not repeat a secret.
   */
  readonly read: (bytes: Uint8Array) => Content | Promise<Content>;
  /** Told after the file was read anew. */
  readonly changed?: (content: Content) => void;
  /** Milliseconds between two looks at the file. Default 1000. */
  readonly interval?: number;
  /** Bytes; a larger file is not read. Default 16 MiB. */
  readonly maximumBytes?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const defaultInterval = 1000;
const defaultMaximumBytes = 16 * 1024 * 1024;

/**
 * A file and what was last made of it. It is looked at every now and then rather than watched by the operating
 * system: that also sees files replaced by `rename`, links that lead elsewhere, and network drives. When what is
 * in it cannot be read, the last good content stays, and the log says why.
 *
 * @example
 * ```ts
 * const file = new WatchedFile({ path: 'users.txt', what: 'password file', read: parseUsers, clock, logger });
 * await file.open();
 * file.content.get('alice');
 * file.close();
 * ```
 */
export class WatchedFile<Content> {
  readonly #options: WatchedFileOptions<Content>;
  readonly #interval: number;
  readonly #maximumBytes: number;
  /** Undefined before the first success. */
  #current: { readonly content: Content } | undefined = undefined;
  /** How the file looked when it was last read, well or not; undefined when it was not there. */
  #seen: string | undefined = undefined;
  #complaint: string | undefined = undefined;
  #next: ScheduledTask | undefined = undefined;
  #closed = false;

  constructor(options: WatchedFileOptions<Content>) {
    this.#options = options;
    this.#interval = options.interval ?? defaultInterval;
    this.#maximumBytes = options.maximumBytes ?? defaultMaximumBytes;
  }

  /** The last good content. Throws an `Error` before `open` has resolved. */
  get content(): Content {
    if (this.#current === undefined) throw new Error(`The ${this.#name} was not read yet.`);
    return this.#current.content;
  }

  /**
   * Reads the file for the first time and follows it from then on.
   *
   * @throws {Error} when it cannot be read, with the file's name and what is wrong. Then it is not followed.
   */
  async open(): Promise<void> {
    try {
      await this.#readIfChanged();
    } catch (error) {
      throw new Error(`The ${this.#name} cannot be used: ${messageOf(error)}`, { cause: error });
    }
    this.#lookLater();
  }

  /** Looks at the file now rather than at the next turn of the clock. Never rejects: what is wrong is logged. */
  async look(): Promise<void> {
    try {
      if (!(await this.#readIfChanged()) || this.#closed) return;
      this.#complaint = undefined;
      this.#options.logger.info({ file: this.#options.path }, `The ${this.#name} was read again.`);
      this.#options.changed?.(this.content);
    } catch (error) {
      this.#complain(messageOf(error));
    }
  }

  /** Follows the file no longer. */
  close(): void {
    this.#closed = true;
    this.#next?.cancel();
  }

  get #name(): string {
    return `${this.#options.what} ${this.#options.path}`;
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#next = this.#options.clock.schedule(this.#interval, () => {
      void this.look().then(() => this.#lookLater());
    });
  }

  /** True when there was something new to read. */
  async #readIfChanged(): Promise<boolean> {
    const before = await this.#appearance();
    if (before === this.#seen) return false;
    const bytes = await readFile(this.#options.path);
    // Somebody is still writing: the next look will find it changed again.
    if ((await this.#appearance()) !== before) return false;
    this.#seen = before;
    this.#current = { content: await this.#options.read(bytes) };
    return true;
  }

  async #appearance(): Promise<string> {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(this.#options.path, { bigint: true });
      if (size > this.#maximumBytes) {
        throw new Error(`it has ${size} bytes; at most ${this.#maximumBytes} are read`);
      }
      return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    } catch (error) {
      this.#seen = undefined;
      throw error;
    }
  }

  /** Once for each thing that is wrong, not at every look. */
  #complain(message: string): void {
    if (message === this.#complaint || this.#closed) return;
    this.#complaint = message;
    this.#options.logger.error(
      { file: this.#options.path },
      `The ${this.#name} cannot be used, what was read before stays in force: ${message}`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
