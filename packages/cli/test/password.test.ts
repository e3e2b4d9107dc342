import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { folderWith } from './temporary-folder.ts';

const command = fileURLToPath(new URL('../bin/carillon.js', import.meta.url));
const terminal = fileURLToPath(new URL('terminal.py', import.meta.url));
const python = '/usr/bin/python3';

/** Runs a program to its end, with that on its standard input. */
async function run(program: string, args: readonly string[], input: string | Uint8Array, cwd: string) {
  const child = spawn(program, args, { stdio: 'pipe', cwd });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  // It may end before it has read everything.
  child.stdin.on('error', () => {}).end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}

function password(cwd: string, input: string | Uint8Array, ...args: string[]) {
  return run(process.execPath, [command, 'password', ...args], input, cwd);
}

test('the line on standard input becomes the password of a user, in a file for its owner alone', async () => {
  const folder = folderWith({});
  const set = await password(folder, 'tick-tock\n', 'set', 'users.txt', 'alice');
  expect(set).toEqual({ code: 0, stdout: 'users.txt: the password of alice is set\n', stderr: '' });
  const file = join(folder, 'users.txt');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toMatch(/^alice:\$scrypt\$ln=15,r=8,p=1\$[^\n]+\n$/);

  chmodSync(file, 0o644);
  const again = await password(folder, 'ding-dong', 'set', 'users.txt', 'alice');
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('can read users.txt') });
  expect(await password(folder, '', 'delete', 'users.txt', 'alice')).toMatchObject({ code: 0 });
  expect(readFileSync(file, 'utf8')).toBe('');
  expect(await password(folder, '', 'delete', 'users.txt', 'alice')).toMatchObject({
    code: 1,
    stderr: 'carillon: users.txt has no user alice\n',
  });
});

test('keys for SCRAM are kept beside the hash, or alone', async () => {
  const folder = folderWith({});
  const read = () => readFileSync(join(folder, 'users.txt'), 'utf8');
  await password(folder, 'tick-tock', 'set', 'users.txt', 'alice', '--scram');
  expect(read()).toMatch(
    /^alice:\$scrypt\$[^\n]+\nalice:SCRAM-SHA-256\$15000:[^\n]+\nalice:SCRAM-SHA-512\$15000:[^\n]+\n$/,
  );
  await password(folder, 'tick-tock', 'set', 'users.txt', 'alice', '--scram-only');
  expect(read()).toMatch(/^alice:SCRAM-SHA-256\$[^\n]+\nalice:SCRAM-SHA-512\$[^\n]+\n$/);
});

describe('what cannot be is told, and nothing is written', () => {
  test.each<[string, string | Uint8Array, string[], number, string]>([
    ['no password', '\n', ['set', 'users.txt', 'alice'], 1, 'the password is empty'],
    [
      'two lines',
      'a\nb\n',
      ['set', 'users.txt', 'alice'],
      1,
      'there is more than one line on standard input',
    ],
    ['no UTF-8', Uint8Array.of(0xff), ['set', 'users.txt', 'alice'], 1, 'is not in UTF-8'],
    ['too long', 'x'.repeat(65_536), ['set', 'users.txt', 'alice'], 1, 'has more than 65535 bytes'],
    ['a colon', 'x', ['set', 'users.txt', 'a:b'], 1, 'the user name has a colon'],
    ['no user', 'x', ['set', 'users.txt'], 2, 'it is: carillon password set FILE USER'],
    ['a stray flag', 'x', ['set', 'users.txt', 'alice', '--secret'], 2, 'has no option --secret'],
    ['no such word', 'x', ['sett', 'users.txt', 'alice'], 2, 'there is no carillon password sett'],
  ])('%s', async (_what, input, args, code, message) => {
    const folder = folderWith({});
    const ending = await password(folder, input, ...args);
    expect(ending).toMatchObject({ code, stderr: expect.stringContaining(message) });
    expect(existsSync(join(folder, 'users.txt'))).toBe(false);
  });
});

describe.runIf(existsSync(python))('on a terminal', () => {
  /** Types an answer to each question; returns everything that the terminal showed. */
  function typed(folder: string, ...answers: string[]) {
    const args = [terminal, process.execPath, command, 'password', 'set', 'users.txt', 'alice'];
    return run(python, args, JSON.stringify(answers), folder);
  }

  test('the password is asked for twice and not shown', async () => {
    const folder = folderWith({});
    const { code, stdout } = await typed(folder, 'tick-tpck\u007f\u007f\u007fock\r', 'tick-tock\r');
    expect(code).toBe(0);
    expect(stdout).toContain('Password for alice: ');
    expect(stdout).toContain('Again: ');
    expect(stdout).not.toContain('tick');
    expect(readFileSync(join(folder, 'users.txt'), 'utf8')).toMatch(/^alice:\$scrypt\$/);
  });

  test('two that differ change nothing, and neither does Ctrl-C', async () => {
    const folder = folderWith({});
    const differing = await typed(folder, 'tick-tock\r', 'tock-tick\r');
    expect(differing).toMatchObject({ code: 1, stdout: expect.stringContaining('the two passwords differ') });
    const stopped = await typed(folder, 'tick\u0003');
    expect(stopped).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('stopped: nothing was changed'),
    });
    expect(existsSync(join(folder, 'users.txt'))).toBe(false);
  });
});
