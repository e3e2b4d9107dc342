import { dirname, resolve } from 'node:path';
import { CommandError, usageError } from './command-error.ts';
import type { Configuration } from './configuration.ts';
import type { Flags } from './flags.ts';

/** What acknowledgements can promise of a folder. */
export type FolderDurability = 'synced' | 'written';

/** Where sessions and messages are kept: in a folder, in memory because it was said, or in a store of the file. */
export type EffectiveStore =
  | { readonly kind: 'folder'; readonly folder: string; readonly durability: FolderDurability }
  | { readonly kind: 'memory' }
  | { readonly kind: 'of the configuration' };

const defaultFolder = './carillon-data';

/** @throws {CommandError} when two of the answers exclude each other. */
export function settleStore(configuration: Configuration, flags: Flags): EffectiveStore {
  refuseContradictions(configuration, flags);
  if (hasStore(configuration)) return { kind: 'of the configuration' };
  const isInMemory = flags.memory || (configuration.memory === true && flags.data === undefined);
  if (isInMemory) return { kind: 'memory' };
  return {
    kind: 'folder',
    folder: folderOf(configuration, flags),
    durability: promised(configuration, flags),
  };
}

function refuseContradictions(configuration: Configuration, flags: Flags): void {
  const { memory, data, durability } = configuration;
  if (flags.memory && flags.data !== undefined) {
    throw usageError('--memory keeps nothing, and --data says where to keep it: leave one of them out');
  }
  if (flags.memory && flags.durability !== undefined) {
    throw usageError('--memory keeps nothing, so there is no --durability: leave one of them out');
  }
  if (hasStore(configuration)) {
    const flag = flags.memory ? '--memory' : '--data';
    if (flags.memory || flags.data !== undefined) {
      throw usageError(`${flag} is given, and ${flags.config} has a store: leave one of them out`);
    }
    if (memory === true || data !== undefined) {
      throw new CommandError(
        `${flags.config}: ${memory === true ? 'memory' : 'data'} is given, and there is a store of a plugin or of broker.persistence: leave one of them out`,
      );
    }
  }
  if (memory === true && data !== undefined) {
    throw new CommandError(`${flags.config}: memory is true, and data is given: leave one of them out`);
  }
  if (durability !== undefined && configuration.broker?.durability !== undefined) {
    throw new CommandError(
      `${flags.config}: durability and broker.durability are the same: leave one of them out`,
    );
  }
}

function hasStore({ broker, plugins = [] }: Configuration): boolean {
  return broker?.persistence !== undefined || plugins.some(({ persistence }) => persistence !== undefined);
}

/** As it was written, where that leads to the same place from here. */
function folderOf({ data }: Configuration, flags: Flags): string {
  if (flags.data !== undefined) return flags.data;
  return data === undefined ? defaultFolder : resolve(dirname(resolve(flags.config ?? '')), data);
}

function promised({ durability, broker }: Configuration, flags: Flags): FolderDurability {
  const promise = flags.durability ?? durability ?? broker?.durability ?? 'synced';
  if (promise === 'memory') {
    throw new CommandError(
      `${flags.config}: broker.durability is "memory", and a folder would keep nothing: say memory: true, or give synced or written`,
    );
  }
  return promise;
}
