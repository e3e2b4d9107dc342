import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ManualClock } from '@carillon/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UnfitFileError, WatchedFile } from '../src/index.ts';

let folder: string;
let path: string;
let clock: ManualClock;
let changes: (readonly [content: number, before: number])[];
let failures: unknown[];
let file: WatchedFile<number>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-watched-'));
  path = join(folder, 'number.txt');
  clock = new ManualClock();
  changes = [];
  failures = [];
  file = new WatchedFile({ path, read: parseNumber });
});

afterEach(async () => {
  file.close();
  expect(clock.pending).toBe(0);
  await rm(folder, { recursive: true });
});

function follow(): void {
  file.follow(clock, {
    changed: (content, before) => void changes.push([content, before]),
    failed: (error) => void failures.push(error),
  });
}

function parseNumber(bytes: Uint8Array): number {
  const text = Buffer.from(bytes).toString().trim();
  if (!/^\d+$/.test(text)) throw new Error(`line 1: "${text}" is no number`);
  return Number(text);
}

// What holds for one way to open a file holds for the other.
describe.each([
  ['open', () => file.open()],
  ['openSync', async () => file.openSync()],
])('%s', (_, open) => {
  test('reads the file', async () => {
    await writeFile(path, '1');
    await open();
    expect(file.content).toBe(1);
  });

  test('says what is wrong in the file', async () => {
    await writeFile(path, 'one');
    await expect(open()).rejects.toThrow('line 1: "one" is no number');
    expect(() => file.content).toThrow(`${path} was not read yet.`);
  });

  test('says that there is no file', async () => {
    await expect(open()).rejects.toThrow('ENOENT');
  });

  test('does not read a folder', async () => {
    file = new WatchedFile({ path: folder, read: parseNumber });
    await expect(open()).rejects.toThrow(new UnfitFileError('is no file'));
  });

  test('does not wait for somebody to write into a pipe', async () => {
    execFileSync('mkfifo', [path]);
    await expect(open()).rejects.toThrow(new UnfitFileError('is no file'));
  });

  test('does not read a file above the limit', async () => {
    await writeFile(path, '12345');
    file = new WatchedFile({ path, read: parseNumber, maximumBytes: 4 });
    await expect(open()).rejects.toThrow(new UnfitFileError('has 5 bytes; 4 are allowed'));
  });
});

describe('a file that is read by promise', () => {
  let later: WatchedFile<number>;
  beforeEach(async () => {
    await writeFile(path, '1');
    later = new WatchedFile({ path, read: async (bytes) => parseNumber(bytes) });
  });

  test('is opened by promise', async () => {
    await later.open();
    expect(later.content).toBe(1);
  });

  test('is not opened plainly', () => {
    expect(() => later.openSync()).toThrow(
      new TypeError(`${path} is read by promise: open() is for that, openSync() is not.`),
    );
  });
});

test('a file that is followed is looked at once a second, by the clock', async () => {
  await writeFile(path, '1');
  file.openSync();
  const changed = new Promise<readonly [number, number]>((resolve, reject) => {
    file.follow(clock, { changed: (content, before) => resolve([content, before]), failed: reject });
  });
  await writeFile(path, '22');
  await clock.advance(1000);
  expect(await changed).toEqual([22, 1]);
});

test('what became of a file since it was opened plainly is told at once', async () => {
  await writeFile(path, '1');
  file.openSync();
  await writeFile(path, '22');
  follow();
  expect(changes).toEqual([[22, 1]]);
});

test('what went wrong with a file since it was opened plainly is told at once, and once', async () => {
  await writeFile(path, '1');
  file.openSync();
  await unlink(path);
  follow();
  await file.look();
  expect(failures).toMatchObject([{ code: 'ENOENT' }]);
  expect(file.content).toBe(1);
});

test('a relative path stays what it was', () => {
  expect(new WatchedFile({ path: 'number.txt', read: parseNumber }).path).toBe(resolve('number.txt'));
});

describe('a file that is followed', () => {
  beforeEach(async () => {
    await writeFile(path, '1');
    await file.open();
    follow();
  });

  test('is not read again when it has not changed', async () => {
    await file.look();
    expect([changes, failures]).toEqual([[], []]);
  });

  test('is read again when another file takes its place', async () => {
    await writeFile(`${path}.new`, '3');
    await rename(`${path}.new`, path);
    await file.look();
    expect(changes).toEqual([[3, 1]]);
  });

  test('is read again when it is a link that leads elsewhere', async () => {
    await writeFile(join(folder, 'a'), '4');
    await unlink(path);
    await symlink(join(folder, 'a'), path);
    await file.look();
    expect(changes).toEqual([[4, 1]]);
  });

  test('is read once when two looks meet', async () => {
    await writeFile(path, '22');
    await Promise.all([file.look(), file.look()]);
    expect(changes).toEqual([[22, 1]]);
  });

  test('keeps its last good content while it is broken, and says so once', async () => {
    await writeFile(path, 'broken');
    await file.look();
    await file.look();
    expect(file.content).toBe(1);
    expect(failures).toEqual([new Error('line 1: "broken" is no number')]);
    await writeFile(path, '5');
    await file.look();
    expect(changes).toEqual([[5, 1]]);
  });

  test('says again what is wrong when it was changed and did not get better', async () => {
    await writeFile(path, 'broken');
    await file.look();
    await writeFile(`${path}.new`, 'broken');
    await rename(`${path}.new`, path);
    await file.look();
    expect(failures).toHaveLength(2);
  });

  test('keeps its last good content while it is gone', async () => {
    await unlink(path);
    await file.look();
    await file.look();
    expect(file.content).toBe(1);
    expect(failures).toMatchObject([{ code: 'ENOENT' }]);
    await writeFile(path, '1');
    await file.look();
    expect(changes).toEqual([[1, 1]]);
  });

  test('is left alone once it is closed, even by a look that was under way', async () => {
    await writeFile(path, '22');
    const looking = file.look();
    file.close();
    await looking;
    await file.look();
    expect(file.content).toBe(1);
    expect([changes, failures]).toEqual([[], []]);
  });
});
