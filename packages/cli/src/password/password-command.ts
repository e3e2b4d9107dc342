import { statSync } from 'node:fs';
import { deleteUser, setPassword } from '@carillon/auth-password';
import { CommandError } from '../command-error.ts';
import { runTool, type Tool } from '../tools.ts';
import { askForPassword } from './ask-for-password.ts';
import { passwordHelp } from './password-help.ts';

const tools: Readonly<Record<string, Tool>> = {
  set: { takes: ['FILE', 'USER'], run: ([file = '', user = '']) => set(file, user) },
  delete: { takes: ['FILE', 'USER'], run: ([file = '', user = '']) => remove(file, user) },
};

/**
 * `carillon password …`: changes a file of users.
 *
 * @returns The exit code: 0 when it is done.
 * @throws {CommandError} when the command line is wrong, or the file cannot be changed.
 */
export function passwordCommand(words: readonly string[]): Promise<number> {
  return runTool('carillon password', tools, passwordHelp, words);
}

async function set(file: string, user: string): Promise<number> {
  await setPassword(file, user, await askForPassword(user));
  process.stdout.write(`${file}: the password of ${user} is set\n`);
  if ((statSync(file).mode & 0o004) !== 0) {
    process.stderr.write(`carillon: everybody on this machine can read ${file}: chmod o-r changes that\n`);
  }
  return 0;
}

async function remove(file: string, user: string): Promise<number> {
  if (!(await deleteUser(file, user))) throw new CommandError(`${file} has no user ${user}`);
  process.stdout.write(`${file}: ${user} is deleted\n`);
  return 0;
}
