import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Logger, PluginPlatform, ScheduledTask } from '@carillon/hooks';
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

/**
 * Keys of a file that is looked at now and then. Its date and size are asked for rather than the system's own
 * notices: those do not come from network disks, nor through the links by which a container swaps a file.
 */
export class KeyFile implements KeyHolder {
  readonly #settings: KeyFileSettings;
  #keys: readonly VerificationKey[];
  #seen: string;
  #logger: Logger | undefined = undefined;
  #next: ScheduledTask | undefined = undefined;
  #isClosed = false;

  /** @throws {KeyFault} or the error of the file system, when there are no keys to begin with. */
  constructor(settings: KeyFileSettings) {
    this.#settings = settings;
    this.#seen = appearanceOf(statSync(settings.file, { bigint: true }));
    this.#keys = readKeys(readFileSync(settings.file, 'utf8'), settings.reading).keys;
  }

  open({ clock, logger }: PluginPlatform): void {
    this.#logger = logger;
    const lookLater = (): void => {
      this.#next = clock.schedule(this.#settings.watchInterval, () => {
        void this.#look().then(() => {
          if (!this.#isClosed) lookLater();
        });
      });
    };
    lookLater();
  }

  current(): readonly VerificationKey[] {
    return this.#keys;
  }

  /** Who sends tokens does not set the pace at which the disk is read. */
  async renew(): Promise<void> {}

  close(): void {
    this.#isClosed = true;
    this.#next?.cancel();
  }

  async #look(): Promise<void> {
    const { file } = this.#settings;
    try {
      const found = await this.#readIfChanged();
      if (found === undefined) return;
      this.#keys = found.keys;
      this.#logger?.info(
        { file, keys: found.keys.length, unused: found.unused },
        'the key file was read again',
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#logger?.warn({ file, why }, 'the key file cannot be used: the keys read before stay in force');
    }
  }

  /** What is wrong with a file is said once, not at every look. */
  async #readIfChanged(): Promise<KeysRead | undefined> {
    const { file, reading } = this.#settings;
    await using handle = await this.#open(file);
    if (handle === undefined) return undefined;
    const stats = await handle.stat({ bigint: true });
    const seen = appearanceOf(stats);
    if (seen === this.#seen) return undefined;
    this.#seen = seen;
    if (stats.size > maximumBytes) throw new KeyFault(`it has more than ${maximumBytes} bytes`);
    return readKeys(await handle.readFile('utf8'), reading);
  }

  async #open(file: string) {
    try {
      return await open(file);
    } catch (error) {
      if (this.#seen === gone) return undefined;
      this.#seen = gone;
      throw error;
    }
  }
}

const gone = 'gone';

function appearanceOf({ ino, size, mtimeNs }: { ino: bigint; size: bigint; mtimeNs: bigint }): string {
  return `${ino} ${size} ${mtimeNs}`;
}
