import { cp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { levelStore } from '@carillon/persistence-level';
import { expect, test } from 'vitest';
import { enqueue, loaded, putSession, sequencesOf } from './own-database.ts';
import { temporaryFolder } from './places.ts';

const kilobyte = 1024;
const messages = 40;

/** A folder as a killed process leaves it: copied while the store is open, each entry a batch of its own. */
async function killedFolder(): Promise<string> {
  const location = await temporaryFolder();
  const store = levelStore({ location });
  await loaded(store);
  await store.commit([putSession('a')], 'written');
  for (let sequence = 1; sequence <= messages; sequence++) {
    await store.commit([enqueue('a', sequence)], 'written');
  }
  const copy = await temporaryFolder();
  await cp(location, copy, { recursive: true });
  await store.close();
  return copy;
}

async function newestLog(location: string): Promise<string> {
  const logs = (await readdir(location)).filter((name) => name.endsWith('.log')).sort();
  return logs.at(-1) ?? '';
}

/** What is there when the log has lost its last bytes: the length of the queue and its entries. */
async function afterCut(killed: string, copy: string, length: number): Promise<[number, number[]]> {
  await rm(copy, { recursive: true, force: true });
  await cp(killed, copy, { recursive: true });
  await truncate(join(copy, await newestLog(copy)), length);
  const store = levelStore({ location: copy });
  const records = await loaded(store);
  const lengths = records.flatMap((record) => (record.kind === 'session' ? record.queue.length : []));
  const sequences = await sequencesOf(store, 'a');
  await store.close();
  return [lengths[0] ?? -1, sequences];
}

/** Every byte of the last batches, where each kind of place in a record occurs, and some of those before. */
function cuts(whole: number): number[] {
  const before = Array.from({ length: 45 }, (_, place) => whole - kilobyte + place * 17);
  return [...before, ...Array.from({ length: 257 }, (_, place) => whole - 256 + place)];
}

test('a log that was cut within its last kilobyte opens, with all batches before the cut', {
  timeout: 120_000,
}, async () => {
  const killed = await killedFolder();
  const copy = await temporaryFolder();
  const { length: whole } = await readFile(join(killed, await newestLog(killed)));
  expect(whole).toBeGreaterThan(2 * kilobyte);
  let most = 0;
  for (const length of cuts(whole)) {
    const [counted, sequences] = await afterCut(killed, copy, length);
    expect(sequences).toEqual(Array.from({ length: counted }, (_, place) => place + 1));
    expect(counted).toBeGreaterThanOrEqual(most);
    most = counted;
  }
  expect(most).toBe(messages);
});
