import { statSync } from 'node:fs';
import { deleteUser, type SetPasswordOptions, setPassword } from '@carillon/auth-password';
import { CommandError } from '../command-error.ts';
import { runTool, type Tool } from '../tools.ts';
import { askForPassword } from './ask-for-password.ts';
import { passwordHelp } from './password-help.ts';

const tools: Readonly<Record<string, Tool>> = {
  set: {
    takes: ['FILE', 'USER'],
    flags: ['--scram', '--scram-only'],
    run: ([file = '', user = ''], flags) => set(file, user, flags),
  },
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

async function set(file: string, user: string, flags: ReadonlySet<string>): Promise<number> {
  const password = await askForPassword(user);
  const scramOnly = flags.has('--scram-only');
  const scram = scramOnly || flags.has('--scram') ? await scramKeys(password) : {};
  await setPassword(file, user, password, { scram, scramOnly });
  process.stdout.write(`${file}: the password of ${user} is set\n`);
  if ((statSync(file).mode & 0o004) !== 0) {
    process.stderr.write(`carillon: everybody on this machine can read ${file}: chmod o-r changes that\n`);
  }
  return 0;
}

/** For every method that there is: the client has the choice. */
async function scramKeys(password: string): Promise<NonNullable<SetPasswordOptions['scram']>> {
  const { scramCredentials } = await import('@carillon/auth-scram');
  return {
    'SCRAM-SHA-256': await scramCredentials('SCRAM-SHA-256', password),
    'SCRAM-SHA-512': await scramCredentials('SCRAM-SHA-512', password),
  };
}

async function remove(file: string, user: string): Promise<number> {
  if (!(await deleteUser(file, user))) throw new CommandError(`${file} has no user ${user}`);
  process.stdout.write(`${file}: ${user} is deleted\n`);
  return 0;
}
