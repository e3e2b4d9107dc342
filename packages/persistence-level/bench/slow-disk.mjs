import { setTimeout } from 'node:timers/promises';
import { Level } from 'level';

/** A LevelDB in a folder on a disk whose flush takes so many milliseconds more. */
export function slowDisk(location, flushTakes) {
  const level = new Level(location, { valueEncoding: 'view' });
  const batch = async (changes, options) => {
    await level.batch(changes, options);
    if (options.sync === true) await setTimeout(flushTakes);
  };
  return new Proxy(level, {
    get(target, name) {
      if (name === 'batch') return batch;
      const value = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
