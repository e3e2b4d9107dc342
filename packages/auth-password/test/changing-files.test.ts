import { execFile } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deleteUser, hashPassword, setPassword } from '@carillon/auth-password';
import { describe, expect, test } from 'vitest';
import { PasswordFile } from '../src/password-file.ts';
import { fileWith } from './places.ts';

const cost = { N: 1024, r: 8, p: 1 };
const permissions = (file: string) => (statSync(file).mode & 0o777).toString(8);

test('a new file is for its owner alone', async () => {
  const file = join(dirname(fileWith('')), 'new.txt');
  await setPassword(file, 'alice', 'tick-tock', { cost });
  expect(permissions(file)).toBe('600');
  expect(readFileSync(file, 'utf8')).toMatch(/^alice:\$scrypt\$ln=10,r=8,p=1\$[^\n]+\n$/);
});

test('comments, other users and permissions stay as they are', async () => {
  const bob = `bob:${await hashPassword('ding-dong', cost)}`;
  const file = fileWith(`# one\nalice:$6$x$y\n\n${bob}\nalice:SCRAM-SHA-256$x\n# end`);
  chmodSync(file, 0o640);
  await setPassword(file, 'alice', 'tick-tock', { cost });
  await setPassword(file, 'carol', 'cling-clang', { cost });
  expect(permissions(file)).toBe('640');
  const [one, alice, empty, ...rest] = readFileSync(file, 'utf8').split('\n');
  expect([one, empty]).toEqual(['# one', '']);
  expect(alice).toMatch(/^alice:\$scrypt\$/);
  expect(rest).toEqual([bob, '# end', expect.stringMatching(/^carol:\$scrypt\$/), '']);

  expect(await deleteUser(file, 'alice')).toBe(true);
  expect(await deleteUser(file, 'alice')).toBe(false);
  expect(readFileSync(file, 'utf8')).toMatch(/^# one\n\nbob:[^\n]+\n# end\ncarol:[^\n]+\n$/);
  expect(readdirSync(dirname(file))).toEqual(['users.txt']);
});

test('a link stays a link', async () => {
  const file = fileWith('', 'real.txt');
  const link = join(dirname(file), 'users.txt');
  symlinkSync('real.txt', link);
  await setPassword(link, 'alice', 'tick-tock', { cost });
  expect(readFileSync(file, 'utf8')).toContain('alice:');
});

describe('a user who could not be read back is refused, and the file is untouched', () => {
  test.each([
    ['', 'the user name is empty'],
    ['a:b', 'the user name has a colon, which ends the name in the file'],
    ['#alice', 'the user name begins with #'],
    [' alice', 'the user name begins or ends with a space'],
    ['a\nb', 'the user name has a control character'],
    ['a\u0085b', 'the user name has a control character'],
    ['a\ud800', 'the user name has half a surrogate pair'],
    ['x'.repeat(65_536), 'the user name has more than 65535 bytes'],
  ])('%j', async (name, message) => {
    const file = fileWith('');
    await expect(setPassword(file, name, 'tick-tock', { cost })).rejects.toThrow(message);
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  test('and so is a password that is empty or has NUL', async () => {
    await expect(setPassword(fileWith(''), 'alice', '')).rejects.toThrow('the password is empty');
    await expect(setPassword(fileWith(''), 'alice', 'x\0')).rejects.toThrow('has the character U+0000');
  });
});

test('the longest name there can be is kept and found', async () => {
  const name = 'ü'.repeat(32_767);
  const file = fileWith('');
  await setPassword(file, name, 'tick-tock', { cost });
  expect([...new PasswordFile(file, 100_000).users.keys()]).toEqual([name]);
});

test('several processes change a file at the same time, and no change is lost', async () => {
  const file = fileWith('# shared\n');
  const program = fileURLToPath(new URL('setter.mjs', import.meta.url));
  const run = promisify(execFile);
  const processes = [1, 2, 3, 4].map((number) => run(process.execPath, [program, file, `p${number}`, '8']));
  const here = Array.from({ length: 8 }, (_, at) => setPassword(file, `here-${at}`, 'x', { cost }));
  await Promise.all([...processes, ...here]);
  const { users } = new PasswordFile(file, 100_000);
  expect(users.size).toBe(40);
  expect(readFileSync(file, 'utf8')).toMatch(/^# shared\n/);
  expect(readdirSync(dirname(file))).toEqual(['users.txt']);
});

test('the lock of a process that has died is taken over', async () => {
  const file = fileWith('');
  // No process has this id: it is beyond what Linux gives.
  writeFileSync(`${file}.lock`, '4194305');
  await setPassword(file, 'alice', 'tick-tock', { cost });
  expect(readdirSync(dirname(file))).toEqual(['users.txt']);
});
