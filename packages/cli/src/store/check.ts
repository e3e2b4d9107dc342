import { checkLevelStore, type StoreReport } from '@carillon/persistence-level';

/** Prints what is in a store, and what is wrong with it. */
export async function checkStore(folder: string, repair: boolean): Promise<number> {
  const report = await checkLevelStore({ location: folder, repair });
  const { counts, findings, damagedFiles, wrong, isRepaired } = report;
  const lines = damagedFiles.map(({ file, problem }) => `DAMAGED ${file}: ${problem}`);
  lines.push(...Array.from(counts, ([kind, count]) => `${kind}: ${count}`));
  lines.push(...findings.map(({ key, problem }) => `WRONG ${key}: ${problem}`));
  const untold = wrong - damagedFiles.length - findings.length;
  if (untold > 0) lines.push(`and ${untold} more`);
  lines.push(...filesInWords(folder, report), verdict(wrong, isRepaired));
  process.stdout.write(`${lines.join('\n')}\n`);
  return wrong === 0 || isRepaired ? 0 : 1;
}

function filesInWords(folder: string, report: StoreReport): string[] {
  const { damagedFiles, unfinishedBytes, isRepaired } = report;
  const lines: string[] = [];
  if (unfinishedBytes > 0) {
    lines.push(`${unfinishedBytes} bytes at the end of a file were not finished, as after a crash`);
  }
  if (damagedFiles.length === 0) return lines;
  const bytes = damagedFiles.reduce((sum, file) => sum + file.bytes, 0);
  if (isRepaired) {
    lines.push(
      `${bytes} bytes of the damaged files could not be used; as they were, the files are in ${folder}/damaged`,
    );
  } else {
    lines.push(
      `${bytes} bytes of the damaged files cannot be used; records were not looked at because of them`,
    );
  }
  return lines;
}

function verdict(wrong: number, isRepaired: boolean): string {
  if (wrong === 0) return 'all is well';
  const count = wrong === 1 ? '1 thing is wrong' : `${wrong} things are wrong`;
  return isRepaired ? `${count}; repaired` : `${count}; --repair puts it right`;
}
