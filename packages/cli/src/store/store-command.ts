import { StoreError, StoreNotEmptyError } from '@carillon/persistence';
import { CommandError } from '../command-error.ts';
import { runTool, type Tool } from '../tools.ts';
import { checkStore } from './check.ts';
import { copyStores } from './copy.ts';
import { exportStore } from './export.ts';
import { importStore } from './import.ts';
import { printStatistics } from './stats.ts';
import { storeHelp } from './store-help.ts';

const tools: Readonly<Record<string, Tool>> = {
  check: {
    takes: ['DIR'],
    flags: ['--repair'],
    run: ([folder = ''], flags) => checkStore(folder, flags.has('--repair')),
  },
  stats: { takes: ['DIR'], run: ([folder = '']) => printStatistics(folder) },
  copy: { takes: ['FROM', 'TO'], run: ([from = '', to = '']) => copyStores(from, to) },
  export: { takes: ['DIR', '[FILE]'], run: ([folder = '', file]) => exportStore(folder, file) },
  import: { takes: ['FILE', 'DIR'], run: ([file = '', folder = '']) => importStore(file, folder) },
};

/**
 * `carillon store …`: looks after a store that no broker has open.
 *
 * @returns The exit code: 0 when all is well.
 * @throws {CommandError} when the command line is wrong, or a store cannot be used.
 */
export async function storeCommand(words: readonly string[]): Promise<number> {
  try {
    return await runTool('carillon store', tools, storeHelp, words);
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'locked') {
      throw new CommandError(`${error.message}; stop it first`, 1, error);
    }
    if (error instanceof StoreNotEmptyError) throw new CommandError(error.message, 1, error);
    throw error;
  }
}
