import type { PluginPlatform } from '@carillon/hooks';
import { messageOf } from '@carillon/hooks/checks';
import { UnfitFileError, WatchedFile } from '@carillon/watched-file';
import type { KeyHolder } from './key-holder.ts';
import { type KeyReading, type KeysRead, readKeys } from './read-keys.ts';
import { KeyFault, type VerificationKey } from './verification-key.ts';

export interface KeyFileSettings {
  readonly file: string;
  /** Milliseconds between two looks at the file. */
  readonly watchInterval: number;
  readonly reading: KeyReading;
}

/** A file of keys is never larger. */
const maximumBytes = 1_048_576;

/** Keys of a file that is looked at now and then. */
export class KeyFile implements KeyHolder {
  readonly #file: WatchedFile<KeysRead>;

  /** @throws {KeyFault} or the error of the file system, when there are no keys to begin with. */
  constructor({ file, watchInterval, reading }: KeyFileSettings) {
    this.#file = new WatchedFile({
      path: file,
      read: (bytes) => readKeys(new TextDecoder().decode(bytes), reading),
      interval: watchInterval,
      maximumBytes,
    });
    try {
      this.#file.openSync();
    } catch (error) {
      throw error instanceof UnfitFileError ? new KeyFault(error.message) : error;
    }
  }

  open({ clock, logger }: PluginPlatform): void {
    const file = this.#file.path;
    this.#file.follow(clock, {
      changed: ({ keys, unused }) =>
        logger.info({ file, keys: keys.length, unused }, 'the key file was read again'),
      failed: (error) => {
        const why = messageOf(error);
        logger.warn({ file, why }, 'the key file cannot be used: the keys read before stay in force');
      },
    });
  }

  current(): readonly VerificationKey[] {
    return this.#file.content.keys;
  }

  /** Who sends tokens does not set the pace at which the disk is read. */
  async renew(): Promise<void> {}

  close(): void {
    this.#file.close();
  }
}
