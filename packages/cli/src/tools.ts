import { usageError } from './command-error.ts';

/** A tool of the command: the names of what it takes, and what it does; it returns the exit code. */
export interface Tool {
  /** In brackets what may be left out. */
  readonly takes: readonly string[];
  readonly flags?: readonly string[];
  run(given: readonly string[], flags: ReadonlySet<string>): Promise<number>;
}

/**
 * Runs one of the tools behind a word such as `carillon store`.
 *
 * @returns Its exit code.
 * @throws {CommandError} when the command line is wrong.
 */
export async function runTool(
  command: string,
  tools: Readonly<Record<string, Tool>>,
  help: string,
  [name, ...words]: readonly string[],
): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || words.includes('--help')) {
    process.stdout.write(help);
    return 0;
  }
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool === undefined) {
    throw usageError(`there is no ${command} ${name}: there are ${Object.keys(tools).join(', ')}`);
  }
  const { flags, given } = sortWords(`${command} ${name}`, tool, words);
  return tool.run(given, flags);
}

function sortWords(command: string, { takes, flags: known = [] }: Tool, words: readonly string[]) {
  const flags = new Set(words.filter((word) => word.startsWith('--')));
  for (const flag of flags) {
    if (!known.includes(flag)) throw usageError(`${command} has no option ${flag}`);
  }
  const given = words.filter((word) => !word.startsWith('--'));
  const least = takes.filter((word) => !word.startsWith('[')).length;
  if (given.length < least || given.length > takes.length || given.includes('')) {
    throw usageError(`it is: ${[command, ...takes, ...known.map((flag) => `[${flag}]`)].join(' ')}`);
  }
  return { flags, given };
}
