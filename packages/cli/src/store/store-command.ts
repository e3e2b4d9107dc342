import { StoreError, StoreNotEmptyError } from '@carillon/persistence';
import { CommandError, usageError } from '../command-error.ts';
import { checkStore } from './check.ts';
import { copyStores } from './copy.ts';
import { exportStore } from './export.ts';
import { importStore } from './import.ts';
import { printStatistics } from './stats.ts';
import { storeHelp } from './store-help.ts';

/** A tool: the names of what it takes, and what it does; it returns the exit code. */
interface Tool {
  /** In brackets what may be left out. */
  readonly takes: readonly string[];
  readonly flags?: readonly string[];
  run(given: readonly string[], flags: ReadonlySet<string>): Promise<number>;
}

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
export async function storeCommand([name, ...words]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || words.includes('--help')) {
    process.stdout.write(storeHelp);
    return 0;
  }
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool === undefined) {
    throw usageError(`there is no carillon store ${name}: there are ${Object.keys(tools).join(', ')}`);
  }
  const { flags, given } = sortWords(name, tool, words);
  try {
    return await tool.run(given, flags);
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'locked') {
      throw new CommandError(`${error.message}; stop it first`, 1, error);
    }
    if (error instanceof StoreNotEmptyError) throw new CommandError(error.message, 1, error);
    throw error;
  }
}

function sortWords(name: string, { takes, flags: known = [] }: Tool, words: readonly string[]) {
  const flags = new Set(words.filter((word) => word.startsWith('--')));
  for (const flag of flags) {
    if (!known.includes(flag)) throw usageError(`carillon store ${name} has no option ${flag}`);
  }
  const given = words.filter((word) => !word.startsWith('--'));
  const least = takes.filter((word) => !word.startsWith('[')).length;
  if (given.length < least || given.length > takes.length || given.includes('')) {
    throw usageError(
      `it is: carillon store ${[name, ...takes, ...known.map((flag) => `[${flag}]`)].join(' ')}`,
    );
  }
  return { flags, given };
}
