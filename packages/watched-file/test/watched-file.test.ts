import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, recordingLogger } from '@carillon/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WatchedFile } from '../src/index.ts';

let folder: string;
let path: string;
const clock = new ManualClock();
const logger = recordingLogger();
let changes: number[];
let file: WatchedFile<number>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-watched-'));
  path = join(folder, 'number.txt');
  changes = [];
  logger.clear();
  file = watch();
});

afterEach(async () => {
  file.close();
  expect(clock.pending).toBe(0);
  await rm(folder, { recursive: true });
});

function watch(maximumBytes?: number): WatchedFile<number> {
  return new WatchedFile({
    path,
    what: 'number file',
    read: parseNumber,
    changed: (content) => void changes.push(content),
    clock,
    logger,
    ...(maximumBytes !== undefined && { maximumBytes }),
  });
}

function parseNumber(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString().trim();
  if (!/^\d+$/.test(text)) throw new Error(`line 1: "${text}" is no number`);
  return Number(text);
}

describe('open', () => {
  test('reads the file', async () => {
    await writeFile(path, '1');
    await file.open();
    expect(file.content).toBe(1);
    expect(changes).toEqual([]);
  });

  test('says what is wrong with the file and where it is', async () => {
    await writeFile(path, 'one');
    await expect(file.open()).rejects.toThrow(
      `The number file ${path} cannot be used: line 1: "one" is no number`,
    );
    expect(() => file.content).toThrow('was not read yet');
  });

  test('says that there is no file', async () => {
    await expect(file.open()).rejects.toThrow(/number file .* cannot be used: ENOENT/);
  });

  test('does not read a file above the limit', async () => {
    await writeFile(path, '12345');
    file = watch(4);
    await expect(file.open()).rejects.toThrow('it has 5 bytes; at most 4 are read');
  });
});

test('a file that was opened is looked at once a second, by the clock', async () => {
  await writeFile(path, '1');
  const changed = new Promise<number>((resolve) => {
    file = new WatchedFile({
      path,
      what: 'number file',
      read: parseNumber,
      changed: resolve,
      clock,
      logger,
    });
  });
  await file.open();
  await writeFile(path, '22');
  await clock.advance(1000);
  expect(await changed).toBe(22);
  expect(file.content).toBe(22);
  expect(logger.messages('info')).toEqual([`The number file ${path} was read again.`]);
});

describe('a file that was opened', () => {
  beforeEach(async () => {
    await writeFile(path, '1');
    await file.open();
  });

  test('is not read again when it has not changed', async () => {
    await file.look();
    expect(changes).toEqual([]);
    expect(logger.records).toEqual([]);
  });

  test('is read again when another file takes its place', async () => {
    await writeFile(`${path}.new`, '3');
    await rename(`${path}.new`, path);
    await file.look();
    expect(changes).toEqual([3]);
  });

  test('is read again when it is a link that leads elsewhere', async () => {
    await writeFile(join(folder, 'a'), '4');
    await unlink(path);
    await symlink(join(folder, 'a'), path);
    await file.look();
    expect(changes).toEqual([4]);
  });

  test('keeps its last good content while it is broken, and says so once', async () => {
    await writeFile(path, 'broken');
    await file.look();
    await file.look();
    expect(file.content).toBe(1);
    expect(logger.messages('error')).toEqual([
      `The number file ${path} cannot be used, what was read before stays in force: line 1: "broken" is no number`,
    ]);
    await writeFile(path, '5');
    await file.look();
    expect(changes).toEqual([5]);
  });

  test('keeps its last good content while it is gone', async () => {
    await unlink(path);
    await file.look();
    await file.look();
    expect(file.content).toBe(1);
    expect(logger.messages('error')).toHaveLength(1);
    await writeFile(path, '1');
    await file.look();
    expect(changes).toEqual([1]);
  });
});
