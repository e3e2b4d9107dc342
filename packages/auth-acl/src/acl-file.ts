import type { Clock, Logger } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { WatchedFile } from '@carillon/watched-file';
import { AclError } from './acl-error.ts';
import { compileRules } from './compile-rules.ts';
import { readMosquittoRules } from './read-mosquitto.ts';
import { readRules } from './read-rules.ts';
import type { RuleSet } from './rule-set.ts';

/** The formats there are. */
export type AclFormat = 'own' | 'mosquitto';

export interface AclFileSettings {
  readonly path: string;
  readonly format: AclFormat;
  readonly maximumBytes: number;
  /** Milliseconds between two looks at the file. */
  readonly interval: number;
}

/** The rules of a file, as they were when it could last be read. */
export class AclFile {
  readonly #file: WatchedFile<RuleSet>;

  /** @throws AclError when the file cannot be read, or says what cannot be. */
  constructor({ path, format, maximumBytes, interval }: AclFileSettings) {
    const read = (bytes: Uint8Array): RuleSet => readFormat(bytes, format, this.#file.path);
    this.#file = new WatchedFile({ path, read, maximumBytes, interval });
    try {
      this.#file.openSync();
    } catch (error) {
      throw faultOf(this.#file.path, error);
    }
  }

  get rules(): RuleSet {
    return this.#file.content;
  }

  /** Calls `changed` with the rules whenever there are new ones. */
  follow(clock: Clock, logger: Logger, changed: (rules: RuleSet) => void): void {
    const { path: file } = this.#file;
    this.#file.follow(clock, {
      changed: (rules) => {
        logger.info({ file, rules: rules.size }, 'the rules of the ACL file are in force');
        changed(rules);
      },
      failed: (error) => {
        const { message } = faultOf(file, error);
        logger.error({ file }, `the ACL file cannot be used, the rules before stay in force: ${message}`);
      },
    });
  }

  /** Resolves when the rules are those of the file as it is now, if they can be. Never rejects. */
  look(): Promise<void> {
    return this.#file.look();
  }

  close(): void {
    this.#file.close();
  }
}

function readFormat(bytes: Uint8Array, format: AclFormat, path: string): RuleSet {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  try {
    return format === 'own' ? compileRules(readRules(text)) : compileRules(readMosquittoRules(text), true);
  } catch (error) {
    if (!(error instanceof AclError)) throw error;
    const { message, line, column } = error;
    const place = line === undefined || column === undefined ? {} : { line, column };
    throw new AclError('ACL_RULE_INVALID', `${path}, ${message}`, { path, ...place });
  }
}

function faultOf(path: string, error: unknown): AclError {
  if (error instanceof AclError) return error;
  const why = messageOf(error);
  return new AclError('ACL_FILE_UNREADABLE', `${path} cannot be read: ${why}`, { path, cause: error });
}
