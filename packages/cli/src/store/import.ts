import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { messageOf } from '@carillon/hooks/checks';
import { type CopyProgress, refuseContents, type Store, type StoreOperation } from '@carillon/persistence';
import { CommandError } from '../command-error.ts';
import { header, operationsOf } from './json-lines.ts';
import { targetAt, withStores } from './open-store-at.ts';

/** Operations in one batch. */
const together = 1_000;

/** Reads lines of JSON into an empty store. */
export async function importStore(file: string, place: string): Promise<number> {
  const lines = await linesIn(file);
  const store = await targetAt(place);
  const { records, entries } = await withStores([store], () => fill(store, lines, file));
  process.stdout.write(`imported ${records} records and ${entries} queued messages into ${place}\n`);
  return 0;
}

/** The first line is read before a folder is made. */
async function linesIn(file: string): Promise<AsyncIterator<string>> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  const { value } = await Promise.race([lines.next(), failureOf(input)]).catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${messageOf(error)}`, 1, error);
  });
  if (value !== header) {
    throw new CommandError(
      `${file} is no export that this version can read: its first line has to be ${header}`,
    );
  }
  return lines;
}

function failureOf(input: NodeJS.ReadableStream): Promise<never> {
  return new Promise((_, reject) => input.once('error', reject));
}

async function fill(
  store: Store,
  lines: AsyncIterator<string>,
  file: string,
): Promise<Pick<CopyProgress, 'records' | 'entries'>> {
  await refuseContents(store);
  let [records, entries] = [0, 0];
  let batch: StoreOperation[] = [];
  const sessions = new Set<string>();
  const commit = async (): Promise<void> => {
    await store.commit(batch, store.supports.durability);
    batch = [];
  };
  for (let number = 2; ; number++) {
    const { value: line, done } = await lines.next();
    if (done === true) break;
    const operations = parsed(line, `${file}, line ${number}`, sessions);
    batch.push(...operations);
    if (operations[0]?.do === 'enqueue') entries += operations.length;
    else records += operations.length;
    if (batch.length >= together) await commit();
  }
  await commit();
  return { records, entries };
}

function parsed(line: string, place: string, sessions: Set<string>): readonly StoreOperation[] {
  try {
    const operations = line.trim() === '' ? [] : operationsOf(line);
    for (const operation of operations) requireSession(operation, sessions);
    return operations;
  } catch (error) {
    throw new CommandError(
      `${place}: ${messageOf(error)}; what stands before it was imported: delete the folder before the next try`,
      1,
      error,
    );
  }
}

/** A store would drop without a word what belongs to no session. */
function requireSession(operation: StoreOperation, sessions: Set<string>): void {
  if (operation.do === 'putSession') sessions.add(operation.session.clientId);
  else if ('clientId' in operation && !sessions.has(operation.clientId)) {
    throw new Error(`no session of ${JSON.stringify(operation.clientId)} stands before it`);
  }
}
