import { checkLevelStore, lookIntoFolder } from '@carillon/persistence-level';
import { CommandError } from '../command-error.ts';

/** Prints what is in a store, and what is wrong with it. */
export async function checkStore(folder: string, repair: boolean): Promise<number> {
  const { format, firstKey } = await lookIntoFolder(folder);
  if (format === undefined && firstKey !== undefined && !firstKey.includes('\0')) {
    throw new CommandError(
      `${folder} holds no store of Carillon's; carillon store stats can read one of Aedes's`,
    );
  }
  const { counts, wrong, findings, isRepaired } = await checkLevelStore({ location: folder, repair });
  const lines = Array.from(counts, ([kind, count]) => `${kind}: ${count}`);
  lines.push(...findings.map(({ key, problem }) => `WRONG ${key}: ${problem}`));
  if (wrong > findings.length) lines.push(`and ${wrong - findings.length} more`);
  lines.push(verdict(wrong, isRepaired));
  process.stdout.write(`${lines.join('\n')}\n`);
  return wrong === 0 || isRepaired ? 0 : 1;
}

function verdict(wrong: number, isRepaired: boolean): string {
  if (wrong === 0) return 'all is well';
  const count = wrong === 1 ? '1 thing is wrong' : `${wrong} things are wrong`;
  return isRepaired ? `${count}; repaired` : `${count}; --repair puts it right`;
}
