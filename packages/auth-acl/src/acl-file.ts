import { readFileSync, type Stats, statSync } from 'node:fs';
import type { Clock, Logger, ScheduledTask } from '@carillon/hooks';
import { AclError } from './acl-error.ts';
import { compileRules } from './compile-rules.ts';
import { readMosquittoRules } from './read-mosquitto.ts';
import { readRules } from './read-rules.ts';
import type { RuleSet } from './rule-set.ts';

/** The formats there are. */
export type AclFormat = 'own' | 'mosquitto';

/**
 * A file of rules, looked at every now and then: that sees files replaced by `rename`, links that lead elsewhere and
 * network drives, too. While it cannot be read, the last good rules stay, and the log says why, once.
 */
export class AclFile {
  readonly path: string;
  readonly #format: AclFormat;
  readonly #maximumBytes: number;
  #seen = '';
  #complaint: string | undefined = undefined;
  #next: ScheduledTask | undefined = undefined;

  constructor(path: string, format: AclFormat, maximumBytes: number) {
    this.path = path;
    this.#format = format;
    this.#maximumBytes = maximumBytes;
  }

  /** @throws AclError when the file cannot be read, or says what cannot be. */
  read(): RuleSet {
    const text = this.#readText();
    try {
      return this.#format === 'own'
        ? compileRules(readRules(text))
        : compileRules(readMosquittoRules(text), true);
    } catch (error) {
      if (!(error instanceof AclError)) throw error;
      const { message, line, column } = error;
      const place = line === undefined || column === undefined ? {} : { line, column };
      throw new AclError('ACL_RULE_INVALID', `${this.path}, ${message}`, { path: this.path, ...place });
    }
  }

  /** Calls `changed` with the rules whenever there are new ones, until `unfollow`. */
  follow(
    { clock, logger, interval }: { clock: Clock; logger: Logger; interval: number },
    changed: (rules: RuleSet) => void,
  ): void {
    this.#next = clock.schedule(interval, () => {
      this.look(logger, changed);
      this.follow({ clock, logger, interval }, changed);
    });
  }

  unfollow(): void {
    this.#next?.cancel();
  }

  /** Reads the file if it looks otherwise than last time. */
  look(logger: Logger, changed: (rules: RuleSet) => void): void {
    try {
      if (!this.#hasChanged()) return;
      const rules = this.read();
      this.#complaint = undefined;
      logger.info({ file: this.path, rules: rules.size }, 'the rules of the ACL file are in force');
      changed(rules);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message === this.#complaint) return;
      this.#complaint = message;
      logger.error(
        { file: this.path },
        `the ACL file cannot be used, the rules before stay in force: ${message}`,
      );
    }
  }

  #readText(): string {
    try {
      const stats = statSync(this.path);
      this.#seen = appearanceOf(stats);
      if (stats.size > this.#maximumBytes) {
        throw new Error(`it has ${stats.size} bytes; ${this.#maximumBytes} are allowed`);
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(this.path));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `${this.path} cannot be read: ${why}`;
      throw new AclError('ACL_FILE_UNREADABLE', message, { path: this.path, cause: error });
    }
  }

  /** Whether the file looks otherwise than when it was last read. */
  #hasChanged(): boolean {
    try {
      return appearanceOf(statSync(this.path)) !== this.#seen;
    } catch {
      // Reading it will say so.
      return true;
    }
  }
}

function appearanceOf({
  dev,
  ino,
  size,
  mtimeMs,
  ctimeMs,
}: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>): string {
  return [dev, ino, size, mtimeMs, ctimeMs].join(' ');
}
