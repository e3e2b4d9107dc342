import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, ScheduledTask } from '@carillon/hooks';

/** Milliseconds in which several events are one: an editor writes, renames and touches. */
const settling = 100;

/**
 * Calls `changed` a moment after something happened to a file, or beside it: editors, and systems that mount secrets,
 * put another file in its place, and a watch on the file itself would go on to look at the old one.
 */
export class FileWatch {
  readonly #watchers: FSWatcher[];
  readonly #clock: Clock;
  readonly #changed: () => void;
  #task: ScheduledTask | undefined = undefined;

  /**
   * @param failed Called when the folder cannot be watched any more.
   * @throws when it cannot be watched at all.
   */
  constructor(path: string, clock: Clock, changed: () => void, failed: (error: Error) => void) {
    this.#clock = clock;
    this.#changed = changed;
    // A link may lead to a file in another folder.
    const folders = new Set([dirname(path), dirname(realpathSync(path))]);
    this.#watchers = Array.from(folders, (folder) =>
      // A program that has nothing else to do may end.
      watch(folder, { persistent: false }, () => this.#notice()).on('error', failed),
    );
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#task?.cancel();
  }

  #notice(): void {
    this.#task ??= this.#clock.schedule(settling, () => {
      this.#task = undefined;
      this.#changed();
    });
  }
}
