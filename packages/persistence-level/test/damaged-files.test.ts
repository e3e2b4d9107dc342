import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkLevelStore,
  type DamagedRecord,
  levelFolderReader,
  levelStore,
} from '@carillon/persistence-level';
import { ClassicLevel } from 'classic-level';
import { expect, onTestFinished, test } from 'vitest';
import { enqueue, loaded, messageOn, putSession, sequencesOf } from './own-database.ts';
import { temporaryFolder } from './places.ts';

const messages = 400;

/** A folder with tables and a log: half of the messages lie in these, the other half in that. */
async function folderWithTables(): Promise<string> {
  const location = await temporaryFolder();
  await store(location, [1, messages / 2]);
  const level = new ClassicLevel(location);
  await level.open();
  await level.compactRange('', '\uffff');
  await level.close();
  await store(location, [messages / 2 + 1, messages]);
  return location;
}

/** Adds messages of a session, each in a batch of its own: half of a payload can be compressed, half cannot. */
async function store(location: string, [first, last]: readonly [number, number]): Promise<void> {
  const opened = levelStore({ location });
  await loaded(opened);
  await opened.commit([putSession('a')], 'written');
  for (let sequence = first; sequence <= last; sequence++) {
    const payload = Buffer.concat([Buffer.alloc(200, 'x'), randomBytes(200)]);
    await opened.commit([enqueue('a', sequence, { ...messageOn('t'), payload })], 'written');
  }
  await opened.close();
}

async function copyOf(location: string): Promise<string> {
  const copy = await temporaryFolder();
  await cp(location, copy, { recursive: true });
  return copy;
}

async function filesIn(location: string): Promise<string[]> {
  return (await readdir(location)).filter((name) => /^CURRENT$|^MANIFEST|\.log$|\.ldb$/.test(name)).sort();
}

async function fileNamed(location: string, pattern: RegExp): Promise<string> {
  const name = (await filesIn(location)).find((file) => pattern.test(file));
  if (name === undefined) throw new Error(`no file is named ${pattern}`);
  return name;
}

/** Inverts one byte. */
async function invert(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at);
  await writeFile(file, bytes);
}

async function sequencesIn(location: string): Promise<number[]> {
  const opened = levelStore({ location });
  await loaded(opened);
  const sequences = await sequencesOf(opened, 'a');
  await opened.close();
  return sequences;
}

test('a folder is well however its process ended', async () => {
  const location = await folderWithTables();
  expect(await filesIn(location)).toContainEqual(expect.stringMatching(/ldb$/));
  const opened = levelStore({ location });
  await loaded(opened);
  await opened.commit([enqueue('a', messages + 1)], 'written');
  const killed = await copyOf(location);
  await opened.close();
  for (const folder of [location, killed]) {
    expect(await checkLevelStore({ location: folder })).toMatchObject({
      wrong: 0,
      damagedFiles: [],
      unfinishedBytes: 0,
    });
  }
});

test('a byte that is another one is seen wherever it stands, and nothing is changed until it is to be repaired', {
  timeout: 120_000,
}, async () => {
  const whole = await folderWithTables();
  for (const file of await filesIn(whole)) {
    const { length } = await readFile(join(whole, file));
    for (const at of placesIn(length)) {
      const location = await copyOf(whole);
      await invert(join(location, file), at);
      const damaged = await readFile(join(location, file));
      const { damagedFiles, unfinishedBytes } = await checkLevelStore({ location });
      // A length at the end of a log that is too large looks as though the log had been cut off.
      if (damagedFiles.length === 0)
        expect(`${file} ${unfinishedBytes > 0}`).toMatch(/(log|MANIFEST-\d+) true/);
      else expect(damagedFiles.map((found) => found.file)).toContain(file);
      expect(await readFile(join(location, file))).toEqual(damaged);

      expect(await checkLevelStore({ location, repair: true })).toMatchObject({
        isRepaired: damagedFiles.length > 0,
      });
      expect(await checkLevelStore({ location })).toMatchObject({ wrong: 0 });
      expect((await sequencesIn(location)).every(isBetween(1, messages))).toBe(true);
      await rm(location, { recursive: true });
    }
  }
});

/** Some places of a file, its beginning and its end among them. */
function placesIn(length: number): number[] {
  // The last bytes of a table but one and some more are there to fill it up, and mean nothing.
  const places = [0, 4, 6, 9, length - 1, length - 47];
  for (let i = 1; i < 5; i++) places.push(Math.floor((length * i) / 5));
  return [...new Set(places.filter((place) => place >= 0 && place < length))];
}

function isBetween(first: number, last: number): (number: number) => boolean {
  return (number) => number >= first && number <= last;
}

test('what is damaged in a log costs what stood there, and nothing else', async () => {
  const location = await folderWithTables();
  const log = await fileNamed(location, /log$/);
  // The second of the blocks that a log is made of.
  await invert(join(location, log), 40_000);
  const damaged = await readFile(join(location, log));
  const { damagedFiles, counts } = await checkLevelStore({ location });
  expect(damagedFiles).toEqual([
    {
      file: log,
      problem: expect.stringMatching(/^bytes \d+ to \d+ cannot be used: its checksum is another one/),
      bytes: expect.any(Number),
    },
  ]);
  expect(counts.size).toBe(0);
  await checkLevelStore({ location, repair: true });
  expect(await readFile(join(location, 'damaged', log))).toEqual(damaged);
  const left = await sequencesIn(location);
  expect(left.slice(0, messages / 2)).toEqual(Array.from({ length: messages / 2 }, (_, i) => i + 1));
  expect(left.length).toBeGreaterThan(messages * 0.75);
  expect(left.length).toBeLessThan(messages);
  expect(left).toContain(messages);
});

test('what is damaged in a table costs the entries of its block, and nothing else', async () => {
  const location = await folderWithTables();
  await invert(join(location, await fileNamed(location, /ldb$/)), 6000);
  await checkLevelStore({ location, repair: true });
  const left = await sequencesIn(location);
  expect(left.length).toBeGreaterThan(messages * 0.9);
  expect(left.length).toBeLessThan(messages);
});

test('a log that was overwritten is seen', async () => {
  const location = await folderWithTables();
  const log = join(location, await fileNamed(location, /log$/));
  await writeFile(log, randomBytes((await readFile(log)).length));
  expect((await checkLevelStore({ location })).wrong).toBe(1);
  await checkLevelStore({ location, repair: true });
  expect(await sequencesIn(location)).toHaveLength(messages / 2);
});

test.each([
  ['a log', /log$/, 'it is not there', messages / 2],
  ['a table', /ldb$/, 'it is not there', messages / 2],
  ['CURRENT', /^CURRENT$/, 'it is not there', messages],
  ['the manifest', /^MANIFEST/, 'which is not there', messages],
])('%s that is gone is told, and the rest can be had', async (_, pattern, problem, left) => {
  const location = await folderWithTables();
  await rm(join(location, await fileNamed(location, pattern)));
  const { damagedFiles } = await checkLevelStore({ location });
  expect(damagedFiles).toEqual([expect.objectContaining({ problem: expect.stringContaining(problem) })]);
  await checkLevelStore({ location, repair: true });
  expect(await sequencesIn(location)).toHaveLength(left);
});

test('a table that was cut is told by its size', async () => {
  const location = await folderWithTables();
  const table = await fileNamed(location, /ldb$/);
  await truncate(join(location, table), 5000);
  expect((await checkLevelStore({ location })).damagedFiles).toEqual([
    {
      file: table,
      problem: expect.stringMatching(/^it has 5000 bytes where LevelDB wrote \d+$/),
      bytes: expect.any(Number),
    },
  ]);
  await checkLevelStore({ location, repair: true });
  expect(await sequencesIn(location)).toHaveLength(messages / 2);
});

test('the torn end of a log is no damage, and is told', async () => {
  const location = await folderWithTables();
  const log = join(location, await fileNamed(location, /log$/));
  const { length } = await readFile(log);
  await truncate(log, length - 3);
  const { wrong, unfinishedBytes } = await checkLevelStore({ location });
  expect(wrong).toBe(0);
  expect(unfinishedBytes).toBeGreaterThan(0);
});

test('a start tells of a damaged log, and keeps it', async () => {
  const location = await folderWithTables();
  const log = await fileNamed(location, /log$/);
  await invert(join(location, log), 40_000);
  const told: DamagedRecord[] = [];
  const opened = levelStore({ location, damaged: (record) => told.push(record) });
  await loaded(opened);
  await opened.close();
  expect(told).toEqual([
    { key: log, error: expect.objectContaining({ message: expect.stringContaining('checksum') }) },
  ]);
  expect(await readdir(join(location, 'damaged'))).toEqual([log]);
});

test('who only reads a folder leaves a damaged log as it is', async () => {
  const location = await folderWithTables();
  const log = join(location, await fileNamed(location, /log$/));
  await invert(log, 40_000);
  const damaged = await readFile(log);
  await expect(levelFolderReader(location).open()).rejects.toMatchObject({ failure: 'damaged' });
  expect(await readFile(log)).toEqual(damaged);
});

test('the files of a store in use are nobody else’s business', async () => {
  const location = await folderWithTables();
  const opened = levelStore({ location });
  await loaded(opened);
  onTestFinished(() => opened.close());
  await expect(checkLevelStore({ location, repair: true })).rejects.toMatchObject({ failure: 'locked' });
});
