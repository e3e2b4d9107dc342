import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { messageOf } from '@carillon/hooks/checks';
import { type CopyProgress, progressAfter, readStore } from '@carillon/persistence';
import { CommandError } from '../command-error.ts';
import { Damage } from './damage.ts';
import { header, linesOf } from './json-lines.ts';
import { type Source, sourceAt, withStores } from './open-store-at.ts';
import { ProgressBar } from './progress-bar.ts';

/** Writes everything in a store as lines of JSON. */
export async function exportStore(place: string, file: string | undefined): Promise<number> {
  const damage = new Damage();
  const source = await sourceAt(place, damage.tell);
  const bar = new ProgressBar(process.stderr);
  await withStores([source.store], () => write(textOf(source, bar), file)).finally(() => bar.clear());
  return damage.sum();
}

async function* textOf({ store, options }: Source, bar: ProgressBar): AsyncGenerator<string> {
  yield `${header}\n`;
  let done: CopyProgress = { records: 0, entries: 0, expectedEntries: 0 };
  for await (const page of readStore(store, options)) {
    for (const line of linesOf(page.operations)) yield `${line}\n`;
    done = progressAfter(done, page);
    bar.show(done);
  }
}

async function write(text: AsyncGenerator<string>, file: string | undefined): Promise<void> {
  if (file === undefined) {
    await pipeline(Readable.from(text), process.stdout, { end: false }).catch(unlessUnread);
    return;
  }
  // An export is often the only copy: it is never overwritten.
  const output = createWriteStream(file, { flags: 'wx' });
  try {
    await pipeline(Readable.from(text), output);
    await finished(output);
  } catch (error) {
    // Half an export looks like a whole one. What was there before was not opened.
    if (output.bytesWritten > 0) await rm(file, { force: true });
    throw new CommandError(`${file} cannot be written: ${messageOf(error)}`, 1, error);
  }
}

/** Whoever reads the export, `head` for example, has seen enough. */
function unlessUnread(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
}
